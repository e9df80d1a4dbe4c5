"""What an accelerator can do and what it costs: the table that ships, this machine's processor, and the user's own."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, ValidationError

from scaling import machine
from scaling.errors import did_you_mean
from scaling.generator import yaml_file
from scaling.generator.constraints import Positive
from scaling.generator.errors import StudyError, explain
from scaling.models import BUILT_IN
from scaling.schema import AskedPrecision, FamilyName, Noun, Number, Precision

USER_FILE = "accelerators.yaml"
"""Next to a study, or in `~/.config/scaling/`; its form is that of the file of this name beside this module."""

CPU = "cpu"

CPU_TFLOPS_PER_CORE = 0.04
"""2.5 GHz times 32 operations a cycle (two AVX2 multiply-adds of 8 numbers), for a core that is half a physical one."""

CPU_UTILISATION = {name: family.cpu_utilisation for name, family in BUILT_IN.items()}
"""Assumptions: small networks spend much of their time beside the matrix products, depthwise convolutions most."""

Fraction = Annotated[Number, Field(gt=0, le=1)]


def _for_all_families(utilisation: Any) -> Any:
    return utilisation if isinstance(utilisation, dict) else dict.fromkeys(BUILT_IN, utilisation)


class Accelerator(Noun):
    """One kind of device, as it is rented or owned.

    Attributes:
        name: as `--on` takes it, whatever its case.
        peak_tflops: 1e12 operations a second by precision, two for a multiply-accumulate.
        memory_gb: in 1e9 bytes; of all its cores.
        dollars_per_hour: 0 where it costs nothing or nobody knows.
        price: where that price is from, with its date, or that it is an assumption.
        utilisation: fraction of the peak that training reaches by family, until it is measured; one number for all.
        source: where peak and utilisation are from.
        devices: parts of the names by which records know it, in lower case.
        cores: of the whole of it, where trainings side by side may have fewer each.
    """

    name: str
    peak_tflops: Annotated[dict[Precision, Positive], Field(min_length=1)]
    memory_gb: Positive
    dollars_per_hour: Annotated[Number, Field(ge=0)]
    price: str = "your own"
    utilisation: Annotated[dict[FamilyName, Fraction], BeforeValidator(_for_all_families)] = CPU_UTILISATION
    source: str = "your own"
    devices: tuple[str, ...] = ()
    cores: Annotated[int, Field(gt=0)] | None = None

    def operations_per_second(self, family: str, precision: AskedPrecision) -> float:
        """What training reaches; where a family or precision is not in the table, that of the slowest there.

        What is left to the device (`auto`) is taken to be computed in bfloat16 where that is in the table.
        """
        computed: Precision = "mixed_bfloat16" if precision == "auto" else precision
        peak = self.peak_tflops.get(computed, min(self.peak_tflops.values()))
        return peak * 1e12 * self.utilisation.get(family, min(self.utilisation.values()))

    def is_device(self, device: str) -> bool:
        """Whether a record that names this device was made on it."""
        return any(part.casefold() in device.casefold() for part in self.devices or (self.name,))


def this_cpu() -> Accelerator:
    """This machine's processor, by the number of its cores; nobody knows what it costs."""
    cores = machine.cores()
    peak = CPU_TFLOPS_PER_CORE * cores
    return Accelerator(
        name=CPU,
        peak_tflops={"float32": peak, "mixed_bfloat16": peak},
        memory_gb=machine.memory_gb(),
        dollars_per_hour=0.0,
        price="not known",
        utilisation=CPU_UTILISATION,
        source=f"assumptions: {CPU_TFLOPS_PER_CORE * 1e3:g} GFLOP/s for each of {cores} cores",
        devices=(" core", CPU),
        cores=cores,
    )


def table(beside: Path | None = None) -> dict[str, Accelerator]:
    """Every accelerator by name: what ships, changed and added to by the user's files.

    Args:
        beside: the folder of the study; its `accelerators.yaml` wins over that of `~/.config/scaling/`.

    Raises:
        StudyError: if a file is wrong.
    """
    configured = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "scaling" / USER_FILE
    written: dict[str, Any] = {CPU: this_cpu().model_dump(exclude={"name"})}
    known: dict[str, Accelerator] = {CPU: this_cpu()}
    for path in (Path(__file__).with_name(USER_FILE), configured, *([beside / USER_FILE] if beside else [])):
        if path.is_file():
            for name, given in yaml_file.load(path, "a mapping of accelerators, each with its values").items():
                before = written.get(name.casefold(), {})
                written[name.casefold()] = _merged(path, name, before, given)
                known[name.casefold()] = _checked(path, name, written[name.casefold()])
    return known


def named(name: str, known: Mapping[str, Accelerator]) -> Accelerator:
    """The accelerator of a name.

    Raises:
        StudyError: if there is none.
    """
    if name.casefold() not in known:
        raise StudyError([f"--on {name}: not in the table of accelerators{did_you_mean(name.casefold(), known)}"])
    return known[name.casefold()]


def of_devices(devices: Iterable[str], known: Mapping[str, Accelerator]) -> Accelerator:
    """The accelerator that the last of these devices is, this machine's processor where none is in the table."""
    for device in reversed(list(devices)):
        matching = [accelerator for accelerator in known.values() if accelerator.is_device(device)]
        if matching:
            return min(matching, key=lambda accelerator: accelerator.name == CPU)
    return known[CPU]


def _merged(path: Path, name: str, before: Mapping[str, Any], given: Any) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise StudyError([f"{path}: {name}: a mapping of its values, not {given!r}"])
    own_price = {"price": "your own"} if "dollars_per_hour" in given else {}
    return {**before, **own_price, **given}


def _checked(path: Path, name: str, values: Mapping[str, Any]) -> Accelerator:
    try:
        return Accelerator.model_validate({**values, "name": name.casefold()})
    except ValidationError as error:
        told = explain(error, Accelerator, {}, f"{name}.")
        raise StudyError(f"{path}: {problem}" for problem in told) from None
