"""Files of weights that others wrote, opened as named tensors.

Two formats, both plain data: safetensors, and HDF5 as Keras 2 wrote it. Nothing in them is executed (PyTorch's `.pth`
files, which are pickles, are refused), no link leads to another file, and a tensor is read when it is asked for.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Tensors:
    """What a file holds.

    Attributes:
        shapes: by name.
        read: the values of one name.
    """

    shapes: Mapping[str, tuple[int, ...]]
    read: Callable[[str], NDArray[Any]]


@contextlib.contextmanager
def open_checkpoint(path: Path) -> Iterator[Tensors]:
    """Opens a file by its ending.

    Args:
        path: `*.safetensors`, or `*.h5` / `*.hdf5` with Keras 2's layout, whose tensors are named `layer/weight`.

    Raises:
        ValueError: for another ending, or a file that is not what its ending says.
        FileNotFoundError: where there is no file.
        ModuleNotFoundError: where the package that reads it is not installed.
    """
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file")
    match path.suffix.lower():
        case ".safetensors":
            opened = _safetensors(path)
        case ".h5" | ".hdf5":
            opened = _keras_2(path)
        case _:
            raise ValueError(
                f"{path}: what is read is .safetensors (timm) and .h5 (Keras 2); PyTorch's own files are pickles, which"
                " can run code: convert them to safetensors first"
            )
    with opened as tensors:
        yield tensors


@contextlib.contextmanager
def _safetensors(path: Path) -> Iterator[Tensors]:
    try:
        import safetensors
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(f"{path}: needs the package safetensors: pip install safetensors") from error
    try:
        file = safetensors.safe_open(path, framework="numpy")
    except safetensors.SafetensorError as error:
        raise ValueError(f"{path}: not a safetensors file ({error})") from error
    with file:
        shapes = {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118 (no mapping)
        yield Tensors(shapes, file.get_tensor)


@contextlib.contextmanager
def _keras_2(path: Path) -> Iterator[Tensors]:
    import h5py  # comes with Keras

    try:
        file = h5py.File(path, "r")
    except OSError as error:
        raise ValueError(f"{path}: not an HDF5 file ({error})") from error
    with file:
        root = file.get("model_weights", file)  # a whole model has its weights there
        layers = _names(root, "layer_names") if isinstance(root, h5py.Group) else []
        if not layers:
            raise ValueError(f"{path}: no layer_names: these are not weights as Keras 2 wrote them")
        tensors: dict[str, Any] = {}
        for layer in layers:
            group = root.get(layer)
            for weight in _names(group, "weight_names") if isinstance(group, h5py.Group) else []:
                # `layer/kernel:0`, the layer's own name or one that Keras had made unique first.
                tensors[f"{layer}/{weight.rpartition('/')[2].partition(':')[0]}"] = group.get(weight)
        for name, tensor in tensors.items():
            if not isinstance(tensor, h5py.Dataset):
                raise ValueError(f"{path}: lists {name}, but does not hold it")
            if tensor.external or tensor.is_virtual or tensor.file.filename != file.filename:
                raise ValueError(f"{path}: {name} points to another file, which is not followed")
        shapes = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
        yield Tensors(shapes, lambda name: np.asarray(tensors[name]))


def _names(group: Any, attribute: str) -> list[str]:
    """A list of names; Keras 2 splits one beyond HDF5's 64 kB into `attribute0`, `attribute1`, ..."""
    chunk = re.compile(rf"{attribute}(\d*)")
    parts = sorted((int(m[1] or 0), key) for key in group.attrs if (m := chunk.fullmatch(key)))
    names = [name for _, key in parts for name in np.ravel(group.attrs[key])]
    return [name.decode() if isinstance(name, bytes) else str(name) for name in names]
