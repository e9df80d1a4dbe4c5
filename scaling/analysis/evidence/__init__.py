"""Tests of claims: each takes results and limits, and says what was found."""
