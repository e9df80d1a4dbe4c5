"""Timm's half of the comparison, a process of its own: PyTorch and TensorFlow do not load into one.

    python -m tests.peers.timm_side resnetrs50 FOLDER

reads `pictures.npy`, writes `weights.safetensors` and `logits.npy`.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import timm
import torch
from safetensors.torch import save_file

from tests.peers.comparison import MEAN, STD, norm_values


def random_network(name: str) -> torch.nn.Module:
    """In evaluation, initialised as timm does, norms with random values, layer scales about 0.2."""
    torch.manual_seed(1)
    rng = np.random.default_rng(2)
    network = timm.create_model(name, pretrained=False).eval()
    with torch.no_grad():
        for path, module in network.named_modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                values = norm_values(rng, module.num_features, last=path.endswith(("bn3", "downsample.2")))
                module.weight.copy_(torch.from_numpy(values["scale"]))
                module.bias.copy_(torch.from_numpy(values["offset"]))
                module.running_mean.copy_(torch.from_numpy(values["mean"]))
                module.running_var.copy_(torch.from_numpy(values["variance"]))
            elif isinstance(module, torch.nn.LayerNorm):
                values = norm_values(rng, module.normalized_shape[0], last=False)
                module.weight.copy_(torch.from_numpy(values["scale"]))
                module.bias.copy_(torch.from_numpy(values["offset"]))
        for path, weight in network.named_parameters():
            if path.endswith("gamma"):
                weight.copy_(torch.from_numpy(rng.uniform(0.1, 0.3, len(weight)).astype("float32")))
            elif path.endswith(("cls_token", "mlp.fc1.weight", "mlp.fc2.weight", "qkv.weight", "attn.proj.weight")):
                weight.mul_(3)  # else the branches of new transformers hardly change anything
    return network


def main(name: str, folder: Path) -> None:
    network = random_network(name)
    save_file(network.state_dict(), folder / "weights.safetensors")
    normalised = (np.load(folder / "pictures.npy") / np.float32(255) - np.float32(MEAN)) / np.float32(STD)
    with torch.inference_mode():
        logits = network(torch.from_numpy(np.ascontiguousarray(normalised.transpose(0, 3, 1, 2))))
    np.save(folder / "logits.npy", logits.numpy())


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
