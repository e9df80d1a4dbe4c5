"""Mistakes on the command line, in words that say what to type instead."""

import re
from typing import Any

import typer
from typer.core import TyperGroup

from scaling.errors import did_you_mean

PREFIX = "Value error, "
"""What some versions of typer put before a message."""

INSTEAD = {
    "--dry-run": "`scaling plan STUDY` says what a run would do",
    "--resume": "`scaling run STUDY` goes on by itself: what is finished is never run again",
    "--continue": "`scaling run STUDY` goes on by itself: what is finished is never run again",
}
"""Options that people know from other programs, and what they are called here."""

CHOICES = {("export", "form"): "trained weights themselves lie in RESULTS/weights, as .safetensors"}
"""What else is to be known of a choice, by command and parameter."""

_NO_CHOICE = re.compile(r"'(?P<word>[^']*)' is not one of (?P<choices>.*)\.")


class Commands(TyperGroup):
    """The commands; what is wrong with their options is said in our words."""

    def invoke(self, ctx: Any) -> Any:
        """Runs the command that was given."""
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            error.message = _of_a_value(error)
            raise
        except Exception as error:
            # Typer does not export the class of this mistake, which has been moved between its versions.
            if instead := INSTEAD.get(getattr(error, "option_name", "")):
                told: Any = error
                told.message, told.possibilities = f"{told.message.rstrip('.')}; {instead}", None
            raise


def _of_a_value(error: typer.BadParameter) -> str:
    message = error.message.removeprefix(PREFIX)
    match = _NO_CHOICE.fullmatch(message)
    if match is None:
        return message
    choices = re.findall(r"'([^']*)'", match["choices"])
    more = CHOICES.get((str(error.ctx and error.ctx.info_name), str(error.param and error.param.name)), "")
    return f"{match['word']!r} is not a choice{did_you_mean(match['word'], choices)}{more and f'; {more}'}"
