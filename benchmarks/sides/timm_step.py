"""timm's resnetrs50 in PyTorch: RESOLUTION BATCH STEPS channels_last|contiguous."""

import copy
import os
import sys

from protocol import batch, median_seconds, peak_mb, reserved, serve

channel = reserved()
resolution, size, steps = (int(one) for one in sys.argv[1:4])

import timm  # noqa: E402
import torch  # noqa: E402

torch.set_num_threads(os.cpu_count() or 1)
layout = torch.channels_last if sys.argv[4] == "channels_last" else torch.contiguous_format
images, labels = batch(size, resolution, 3, 1000)
idle = peak_mb()
pictures = ((torch.from_numpy(images).permute(0, 3, 1, 2).float() - 127) / 60).contiguous(memory_format=layout)
targets = torch.from_numpy(labels).long()
torch.manual_seed(0)
model = timm.create_model("resnetrs50", num_classes=1000).to(memory_format=layout).train()
average = copy.deepcopy(model).eval()
loss_of = torch.nn.CrossEntropyLoss(label_smoothing=0.1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, weight_decay=4e-5)


def step():
    optimizer.zero_grad()
    loss = loss_of(model(pictures), targets)
    loss.backward()
    optimizer.step()
    with torch.no_grad():
        reals = [one for one in model.state_dict().values() if one.is_floating_point()]
        means = [one for one in average.state_dict().values() if one.is_floating_point()]
        torch._foreach_lerp_(means, reals, 1e-4)
    return float(loss)


@torch.inference_mode()
def forward():
    model.eval()
    logits = model(pictures).sum().item()
    model.train()
    return logits


losses = [step() for _ in range(1 + steps)]
serve(
    channel,
    {"params": sum(one.numel() for one in model.parameters()), "losses": losses, "memory": peak_mb() - idle},
    {"step": lambda: median_seconds(step, 1), "forward": lambda: median_seconds(forward, 2)},
)
