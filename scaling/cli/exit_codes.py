"""Exit codes of every command; 0 is success."""

SOME_FAILED = 1
"""Some trials of the study failed, in this run or an earlier one."""

INPUT_IS_WRONG = 2
"""The message says what to change."""

INTERRUPTED = 130
"""By Ctrl-C or SIGTERM; the same command goes on from there."""
