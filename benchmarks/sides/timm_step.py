"""timm's network in PyTorch: NAME RESOLUTION BATCH STEPS channels_last|contiguous [DEVICE TIMED [MODE]].

As it comes, in float32 on the processor; with DEVICE there, by `torch.compile` in MODE (`default` unless it is given),
in bfloat16 (autocast), and TIMED steps are timed as one.
"""

import copy
import os
import sys

from protocol import batch, median_seconds, peak_mb, reserved, seconds_each, serve

channel = reserved()
name, layout, (resolution, size, steps) = sys.argv[1], sys.argv[5], (int(one) for one in sys.argv[2:5])
device, timed = (sys.argv[6], int(sys.argv[7])) if len(sys.argv) > 6 else ("cpu", 0)
mode = sys.argv[8] if len(sys.argv) > 8 else "default"

import timm  # noqa: E402
import torch  # noqa: E402

torch.set_num_threads(os.cpu_count() or 1)
torch.backends.cudnn.benchmark = True  # as timm's own train.py
layout = torch.channels_last if layout == "channels_last" else torch.contiguous_format
images, labels = batch(size, resolution, 3, 1000)
idle = peak_mb()
pictures = ((torch.from_numpy(images).permute(0, 3, 1, 2).float() - 127) / 60).contiguous(memory_format=layout)
pictures, targets = pictures.to(device), torch.from_numpy(labels).long().to(device)
torch.manual_seed(0)
model = timm.create_model(name, num_classes=1000).to(device, memory_format=layout).train()
average = copy.deepcopy(model).eval()
reals, means = ([one for one in net.state_dict().values() if one.is_floating_point()] for net in (model, average))
trained, evaluated = tuple(torch.compile(net, mode=mode) for net in (model, average)) if timed else (model, average)
bfloat16 = torch.autocast(device, torch.bfloat16, enabled=bool(timed))
loss_of = torch.nn.CrossEntropyLoss(label_smoothing=0.1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, weight_decay=4e-5, fused=bool(timed))


def step():
    optimizer.zero_grad()
    with bfloat16:
        loss = loss_of(trained(pictures), targets)
    loss.backward()
    optimizer.step()
    with torch.no_grad():
        torch._foreach_lerp_(means, reals, 1e-4)
    return loss.detach()


@torch.inference_mode()
def forward():
    with bfloat16:
        return evaluated(pictures)


def wait(_):
    if device == "cuda":
        torch.cuda.synchronize()


losses = [float(step()) for _ in range(1 + steps)]
one_by_one = {
    "step": lambda: median_seconds(lambda: float(step()), 1),
    "forward": lambda: median_seconds(lambda: forward().sum().item(), 2),
}
together = {"step": lambda: seconds_each(step, wait, timed), "forward": lambda: seconds_each(forward, wait, timed)}
serve(
    channel,
    {
        "params": sum(one.numel() for one in model.parameters()),
        "losses": losses,
        "memory": peak_mb() - idle,
        "gpu_memory_gb": torch.cuda.max_memory_allocated() / 1e9 if device == "cuda" else None,
    },
    together if timed else one_by_one,
)
