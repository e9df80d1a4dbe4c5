"""The choice between graph and XLA: worth its own cost, kept with the program, and without a trace in the state."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.slow


class FakeProgram:
    """Compiles a way at its first step; each step takes what that way takes."""

    def __init__(self, graph: float, xla: float, compilers: tuple[str, ...] = ("graph", "xla")) -> None:
        self.compilers = compilers
        self.compiled = compilers[0]
        self.timed: dict[str, Any] = {}
        self.state = 0
        self.now = 0.0
        self._seconds = {"graph": graph, "xla": xla}
        self._compiling = {"graph": 2.0, "xla": 6.0}

    def snapshot(self) -> int:
        return self.state

    def restore(self, state: int) -> None:
        self.state = state

    def step(self) -> Any:
        from keras import ops

        self.state += 1
        self.now += self._seconds[self.compiled] + self._compiling.pop(self.compiled, 0.0)
        return ops.ones(())


def choice(program: FakeProgram, steps_ahead: int) -> Any:
    from scaling.runner.compute.compilation import choose

    return choose(program, program.step, steps_ahead, clock=lambda: program.now)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("graph", "xla", "steps", "chosen", "reason"),
    [
        (0.1, 0.01, 100, "graph", "too short"),
        (0.1, 0.01, 10_000, "xla", "100.0 ms a step as a graph, 10.0 ms by XLA"),
        (0.1, 0.2, 10_000, "graph", "100.0 ms a step as a graph, 200.0 ms by XLA"),
    ],
)
def test_xla_is_tried_where_training_is_long_and_kept_where_it_is_faster(
    graph: float, xla: float, steps: int, chosen: str, reason: str
) -> None:
    program = FakeProgram(graph, xla)
    made = choice(program, steps)
    assert (made.compiled, program.compiled, program.state) == (chosen, chosen, 0)
    assert reason in made.reason
    assert ("xla" in program.timed) == (steps == 10_000)


def test_a_variant_is_timed_once_unless_a_longer_training_makes_xla_worth_it() -> None:
    program = FakeProgram(0.1, 0.01)
    choice(program, 100)
    spent = program.now
    assert choice(program, 100).compiled == "graph"
    assert program.now == spent
    assert choice(program, 10_000).compiled == "xla"
    spent = program.now
    assert choice(program, 100).compiled == "xla"
    assert program.now == spent


def test_where_there_is_one_way_nothing_is_timed() -> None:
    program = FakeProgram(0.1, 0.01, compilers=("xla",))
    assert choice(program, 10_000).compiled == "xla"
    assert program.now == 0


def test_what_xla_cannot_compile_stays_a_graph_and_is_not_tried_again() -> None:
    class Refused(FakeProgram):
        def step(self) -> Any:
            import tensorflow as tf

            if self.compiled == "xla":  # which knows no strings
                return tf.function(lambda x: tf.strings.length(tf.strings.as_string(x)), jit_compile=True)(tf.ones(()))
            return super().step()

    program = Refused(0.1, 0.01)
    made = choice(program, 10_000)
    assert (made.compiled, program.compiled, program.state) == ("graph", "graph", 0)
    assert made.reason.startswith("graph: not by XLA: ")
    spent = program.now
    assert choice(program, 100_000).reason == "graph: XLA has failed with this network"
    assert program.now == spent
