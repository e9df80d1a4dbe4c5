"""Our layers, read as a PyTorch network: DEPTH WIDTH RESOLUTION STEM DATASET BATCH STEPS FAMILY WEIGHTS eager|compile.

WEIGHTS is the file that sides/ours.py leaves where SAVE_WEIGHTS says. In float32 and channels_last, pictures are
normalised before anything is timed, and the optimiser is one kernel.
"""

import os
import sys

from protocol import batch, median_seconds, reserved, serve

channel = reserved()
depth, width, (resolution, size, steps) = *map(float, sys.argv[1:3]), (int(sys.argv[place]) for place in (3, 6, 7))
stem, family, weights, way = sys.argv[4], *sys.argv[8:11]

import numpy as np  # noqa: E402
import torch  # noqa: E402
from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402, N812

from scaling.datasets import dataset_info  # noqa: E402
from scaling.models import architecture as data  # noqa: E402
from scaling.models import describe, family_of  # noqa: E402
from scaling.schema import Variant  # noqa: E402

ACTIVATIONS = {"relu": nn.ReLU, "swish": nn.SiLU, "sigmoid": nn.Sigmoid, "gelu": nn.GELU}
NAMES = {"kernel": "weight", "gamma": "weight", "bias": "bias", "beta": "bias", "moving_mean": "running_mean",
         "moving_variance": "running_var"}  # fmt: skip


class Called(nn.Module):
    """A function of what comes in and of the parts that it has."""

    def __init__(self, function, *parts):
        super().__init__()
        self.function, self.parts = function, nn.ModuleList(parts)

    def forward(self, x):
        return self.function(x, *self.parts)


def over_channels(function):
    """A function of the last axis, of feature maps whose channels come second."""

    def called(x, *parts):
        return function(x.movedim(1, -1), *parts).movedim(-1, 1) if x.ndim == 4 else function(x, *parts)

    return called


def same(kernel, stride, value=0.0):
    """TensorFlow's padding: on even sizes one pixel less in front."""

    def padded(x):
        over = [max(0, (-(-pixels // stride) - 1) * stride + kernel - pixels) for pixels in reversed(x.shape[2:])]
        return F.pad(x, [side for pixels in over for side in (pixels // 2, pixels - pixels // 2)], value=value)

    return Called(padded)


class Reader:
    """Makes modules of layers, with weights by our names.

    `left` are the weights that nothing has asked for yet, `trained` the parameters by the names of their weights.
    """

    def __init__(self, weights):
        self.left, self.trained = dict(weights), {}

    def sequence(self, layers, channels):
        """The module of layers on so many channels, and how many leave it."""
        modules = []
        for layer in layers:
            module, channels = self.module(layer, channels)
            modules.append(module)
        return nn.Sequential(*modules), channels

    def module(self, layer, channels):
        match layer:
            case data.Conv(filters=filters):
                return self.convolution(layer, channels, filters, 1, (3, 2, 0, 1)), filters
            case data.DepthwiseConv():
                return self.convolution(layer, channels, channels, channels, (2, 3, 0, 1)), channels
            case data.Dense(units=units):
                return self.filled(nn.Linear(channels, units), layer, (1, 0)), units
            case data.Norm(epsilon=epsilon):
                return self.filled(nn.BatchNorm2d(channels, epsilon), layer), channels
            case data.LayerNorm(epsilon=epsilon):
                norm = self.filled(nn.LayerNorm(channels, epsilon), layer)
                return Called(over_channels(lambda x, own: own(x)), norm), channels
            case data.Scale():
                return Called(over_channels(lambda x, own: x * own[0]), self.own(layer, "gamma")), channels
            case data.Activate(kind=kind):
                return ACTIVATIONS[kind](), channels
            case data.Pool(kind="average", size=2, stride=2):
                return nn.AvgPool2d(2, 2, ceil_mode=True), channels
            case data.Pool(kind="max", size=size, stride=stride, padding="fixed"):
                return nn.MaxPool2d(size, stride, (size - 1) // 2), channels
            case data.Pool(kind="max", size=size, stride=stride):
                return nn.Sequential(same(size, stride, -torch.inf), nn.MaxPool2d(size, stride)), channels
            case data.GlobalPool(keep_axes=keep):
                return Called(lambda x: x.mean((2, 3), keepdim=keep)), channels
            case data.Dropout(rate=rate):
                return nn.Dropout(rate), channels
            case data.Gate(branch=branch):
                return Called(lambda x, gate: x * gate(x), self.sequence(branch, channels)[0]), channels
            case data.Residual(branch=branch, shortcut=shortcut, drop_rate=0):
                (added, out), (kept, _) = self.sequence(branch, channels), self.sequence(shortcut, channels)
                return Called(lambda x, added, kept: kept(x) + added(x), added, kept), out
            case data.Tokens():
                own = self.own(layer, "class_token", "positions")
                return Called(tokens, own), channels
            case data.Attention(heads=heads):
                return Called(lambda x: attention(x, heads)), channels // 3
            case data.ClassToken():
                return Called(lambda x: x[:, 0]), channels
            case _:
                raise TypeError(f"cannot be read: {layer}")

    def convolution(self, layer, channels, filters, groups, axes):
        tensorflow_s = layer.padding == "same" and layer.stride > 1
        around = 0 if tensorflow_s or layer.padding == "valid" else (layer.kernel - 1) // 2
        made = nn.Conv2d(channels, filters, layer.kernel, layer.stride, around, groups=groups, bias=layer.bias)
        made = self.filled(made, layer, axes)
        return nn.Sequential(same(layer.kernel, layer.stride), made) if tensorflow_s else made

    def own(self, layer, *names):
        """Weights of a layer that PyTorch has no module for."""
        for name in names:
            self.trained[f"{layer.name}/{name}"] = nn.Parameter(torch.from_numpy(self.left.pop(f"{layer.name}/{name}")))
        return nn.ParameterList([self.trained[f"{layer.name}/{name}"] for name in names])

    def filled(self, module, layer, axes=()):
        """A module with a layer's weights, whose kernel has its axes in this order there."""
        for name in [name for name in NAMES if f"{layer.name}/{name}" in self.left]:
            value = torch.from_numpy(self.left.pop(f"{layer.name}/{name}"))
            value, target = value.permute(axes) if name == "kernel" else value, getattr(module, NAMES[name])
            if target.shape != value.shape:
                raise ValueError(f"{layer.name}/{name}: {tuple(value.shape)} is not {tuple(target.shape)}")
            target.data.copy_(value)
            if isinstance(target, nn.Parameter):
                self.trained[f"{layer.name}/{name}"] = target
        return module


def tokens(x, own):
    first, positions = own
    pixels = x.flatten(2).transpose(1, 2)
    return torch.cat([first.expand(len(x), -1, -1), pixels], dim=1) + positions


def attention(x, heads):
    parts = x.unflatten(2, (3, heads, -1)).permute(2, 0, 3, 1, 4)
    return F.scaled_dot_product_attention(*parts).transpose(1, 2).flatten(2)


torch.set_num_threads(os.cpu_count() or 1)
of = dataset_info(sys.argv[5])
variant = Variant(family=family, depth=depth, width=width, resolution=resolution, stem=stem)
reader = Reader(np.load(weights))
model, _ = reader.sequence(describe(variant, channels=of.channels, classes=of.classes).layers, of.channels)
if reader.left or {*map(id, model.parameters())} != {*map(id, reader.trained.values())}:
    raise ValueError(f"weights are left: {list(reader.left)}")
model = model.train().to(memory_format=torch.channels_last)
average = [one.clone() for one in model.state_dict().values() if one.is_floating_point()]
reals = [one for one in model.state_dict().values() if one.is_floating_point()]
images, labels = batch(size, resolution, of.channels, of.classes)
pictures = (torch.from_numpy(images).float() / 255 - torch.tensor(of.mean)) / torch.tensor(of.std)
pictures = pictures.permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last)
targets = torch.from_numpy(labels).long()
undecayed = family_of(family).undecayed
groups = [
    {"params": [one for name, one in reader.trained.items() if (name.rpartition("/")[2] in undecayed) == spared],
     "weight_decay": 0.0 if spared else 4e-5}
    for spared in (False, True)
]  # fmt: skip
optimizer = torch.optim.SGD([group for group in groups if group["params"]], lr=0.05, momentum=0.9, fused=True)
loss_of = nn.CrossEntropyLoss(label_smoothing=0.1)
trained = torch.compile(model) if way == "compile" else model


def step():
    optimizer.zero_grad()
    loss = loss_of(trained(pictures), targets)
    loss.backward()
    optimizer.step()
    with torch.no_grad():
        torch._foreach_lerp_(average, reals, 1e-4)
    return float(loss.detach())


losses = [step() for _ in range(1 + steps)]
serve(
    channel,
    {"params": sum(one.numel() for one in model.parameters()), "losses": losses, "version": torch.__version__},
    {"step": lambda: median_seconds(step, 3)},
)
