"""The nouns that every part of the toolkit shares: frozen, validated, JSON in and out.

A `Trial` (dataset + variant + recipe + seed) is the question, a `TrainRecord` its answer; a `LatencyRecord` is what
timing a variant on a device gave. Nothing here trains, reads or writes.
"""

from scaling.schema.noun import Count, Noun, Number, Rate, digest
from scaling.schema.question import ACCURACY, FRONT, NETWORK, RUNTIME, AnswerPlan, Question
from scaling.schema.records import (
    SCHEMA_VERSION,
    TRANSIENT,
    Compiled,
    Environment,
    Epoch,
    Failure,
    FailureKind,
    LatencyPlan,
    LatencyRecord,
    LatencyRequest,
    Phase,
    Runtime,
    Score,
    TrainRecord,
)
from scaling.schema.trial import (
    NAMED_ONLY,
    RESNET_RS_OPTIONS,
    AskedPrecision,
    Dataset,
    FamilyName,
    OptionValue,
    Precision,
    Recipe,
    Reported,
    Stem,
    Trial,
    Variant,
)

__all__ = [
    "ACCURACY",
    "FRONT",
    "NAMED_ONLY",
    "NETWORK",
    "RESNET_RS_OPTIONS",
    "RUNTIME",
    "SCHEMA_VERSION",
    "TRANSIENT",
    "AnswerPlan",
    "AskedPrecision",
    "Compiled",
    "Count",
    "Dataset",
    "Environment",
    "Epoch",
    "Failure",
    "FailureKind",
    "FamilyName",
    "LatencyPlan",
    "LatencyRecord",
    "LatencyRequest",
    "Noun",
    "Number",
    "OptionValue",
    "Phase",
    "Precision",
    "Question",
    "Rate",
    "Recipe",
    "Reported",
    "Runtime",
    "Score",
    "Stem",
    "TrainRecord",
    "Trial",
    "Variant",
    "digest",
]
