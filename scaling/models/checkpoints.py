"""Files of weights, opened as named tensors.

Three formats, all plain data: safetensors (timm's, and our own), HDF5 as Keras 2 wrote it, and TensorFlow 1's
checkpoints. Nothing in them is executed (PyTorch's `.pth` files, which are pickles, are refused), no link leads to
another file, and a tensor is read when it is asked for.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

OF_TF1 = "/ExponentialMovingAverage"
"""Ends the names of running averages in TensorFlow 1's checkpoints; the authors' are evaluated by these."""

INDEX = ".index"
"""Ends the name of the file that lists a TensorFlow checkpoint's tensors; what stands before it names them all."""


@dataclass(frozen=True)
class Tensors:
    """What a file holds.

    Attributes:
        shapes: by name.
        read: the values of one name.
        about: what the file says of itself, as safetensors' metadata.
        numbered: whether names only number the layers, so that they say nothing of blocks.
    """

    shapes: Mapping[str, tuple[int, ...]]
    read: Callable[[str], NDArray[Any]]
    about: Mapping[str, str] = field(default_factory=dict)
    numbered: bool = False


def files_of(path: Path) -> list[Path]:
    """The files of a checkpoint, in order of name: one, or all of a TensorFlow 1 checkpoint.

    Args:
        path: a file; or, of TensorFlow 1, the name before `.index`, that file, or a folder that holds one such.

    Raises:
        FileNotFoundError: where there is none.
        ValueError: where a folder holds none, or several.
    """
    if path.is_file() and path.suffix != INDEX:
        return [path]
    prefix = _prefix(path)
    if prefix is None:
        raise FileNotFoundError(f"{path}: no such file")
    return sorted([prefix.with_name(prefix.name + INDEX), *prefix.parent.glob(f"{glob_of(prefix.name)}.data-*")])


def digest(path: Path) -> str:
    """What tells a checkpoint from others wherever it lies; see `scaling.schema.Trial.init`.

    Raises:
        FileNotFoundError, ValueError: as `files_of`.
    """
    sums = []
    for file in files_of(path):
        with file.open("rb") as opened:
            sums.append(hashlib.file_digest(opened, "sha256").hexdigest())
    whole = sums[0] if len(sums) == 1 else hashlib.sha256("".join(sums).encode()).hexdigest()
    return whole[:16]


def glob_of(name: str) -> str:
    """A name as a pattern that only it fits."""
    return re.sub(r"([*?[])", r"[\1]", name)


def _prefix(path: Path) -> Path | None:
    """What the names of a TensorFlow checkpoint's files begin with; None where there is none."""
    if path.is_dir():
        indices = sorted(path.glob(f"*{INDEX}"))
        if len(indices) != 1:
            listed = ", ".join(index.stem for index in indices) or "none"
            raise ValueError(f"{path}: a folder with one TensorFlow checkpoint is read; this has {listed}")
        return indices[0].with_suffix("")
    if path.suffix == INDEX:
        return path.with_suffix("") if path.is_file() else None
    return path if path.with_name(path.name + INDEX).is_file() else None


@contextlib.contextmanager
def open_checkpoint(path: Path) -> Iterator[Tensors]:
    """Opens a file by its ending.

    Args:
        path: `*.safetensors`; `*.h5` / `*.hdf5` with Keras 2's layout, whose tensors are named `layer/weight`; or a
            TensorFlow 1 checkpoint, see `files_of`, whose averages stand for the weights where it has any.

    Raises:
        ValueError: for another ending, or a file that is not what its ending says.
        FileNotFoundError: where there is no file.
        ModuleNotFoundError: where the package that reads it is not installed.
    """
    suffix = INDEX if len(files_of(path)) > 1 or path.suffix == INDEX else path.suffix.lower()
    match suffix:
        case ".index":
            opened = _tensorflow_1(path)
        case ".safetensors":
            opened = _safetensors(path)
        case ".h5" | ".hdf5":
            opened = _keras_2(path)
        case _:
            raise ValueError(
                f"{path}: what is read is .safetensors (timm), .h5 (Keras 2) and TensorFlow 1's checkpoints; PyTorch's "
                "own files are pickles, which can run code: convert them to safetensors first"
            )
    with opened as tensors:
        yield tensors


@contextlib.contextmanager
def _safetensors(path: Path) -> Iterator[Tensors]:
    import safetensors

    try:
        file = safetensors.safe_open(path, framework="numpy")
    except safetensors.SafetensorError as error:
        raise ValueError(f"{path}: not a safetensors file ({error})") from error
    with file:
        shapes = {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118 (no mapping)
        yield Tensors(shapes, file.get_tensor, file.metadata() or {})


@contextlib.contextmanager
def _tensorflow_1(path: Path) -> Iterator[Tensors]:
    import tensorflow as tf

    prefix = _prefix(path)
    try:
        reader = tf.train.load_checkpoint(str(prefix))
        held = reader.get_variable_to_shape_map()
    except Exception as error:  # TensorFlow raises what its C++ does
        raise ValueError(f"{path}: not a TensorFlow checkpoint ({str(error).strip().splitlines()[0][:200]})") from None
    names = {name.removesuffix(OF_TF1): name for name in sorted(held, key=lambda name: (name.endswith(OF_TF1), name))}

    def read(name: str) -> NDArray[Any]:
        try:
            return np.asarray(reader.get_tensor(names[name]))
        except Exception as error:
            reason = str(error).strip().splitlines()[0][:200]
            raise ValueError(f"{path}: {names[name]} cannot be read ({reason})") from None

    yield Tensors({name: tuple(held[stored]) for name, stored in names.items()}, read, numbered=True)


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
