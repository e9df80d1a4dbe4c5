"""The programs that a worker has compiled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scaling.runner.compute.execution import Compile, Execution
from scaling.runner.compute.program_key import ProgramKey

if TYPE_CHECKING:
    from scaling.runner.compute.program import Program


class ProgramCache:
    """The last compiled program, and into how many parts each program has to split its batches to fit into memory."""

    def __init__(self, devices: tuple[str, ...], compilation: Compile) -> None:
        """Begins empty.

        Args:
            devices: that share each batch where they are several, or all cores of a TPU host.
            compilation: how programs are compiled.
        """
        self._devices = devices if len(devices) > 1 or devices == ("tpu",) else ()
        self._compile = compilation
        self._program: Program | None = None
        self._parts: dict[tuple[ProgramKey, int], int] = {}

    def get(self, key: ProgramKey, parts: int = 1) -> Program:
        """The kept program where it serves, else a new one; the old one's memory is freed first."""
        from scaling.runner.compute.program import Program

        execution = Execution(self._compile, self._devices, parts)
        if self._program is None or (self._program.key, self._program.execution) != (key, execution):
            self._program = None
            self._program = Program(key, execution)
        return self._program

    def parts(self, key: ProgramKey, batch_size: int) -> int:
        """Parts of a batch of this size that are known to fit; 1 until `split` was called."""
        return self._parts.get((key, batch_size), 1)

    def split(self, key: ProgramKey, batch_size: int, parts: int) -> None:
        """Lets the program go and remembers that a batch only fits in so many parts."""
        self._program, self._parts[key, batch_size] = None, parts
