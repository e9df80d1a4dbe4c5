"""The numbers of the ResNet-RS paper (arXiv 2103.07579) and of timm, each row with its source and how far to trust it.

`load` gives a table as `scaling.load_results` gives a user's own runs, `table` gives it as it was printed, `names` and
`describe` say what there is. Importing this costs next to nothing; pandas is loaded by what returns a frame.

Trust. `trust` holds for the whole row: `primary` (the authors' code, configurations or own tables; timm's own files),
`secondary` (a translation, a third party), `digitised` (read off a figure), `computed` (counted or inferred from what
is known), `unverified` (from memory). Where a column is better or worse than its row, `trust_<column>` says so; an
empty one, or none, means the row's. `trust_recipe` speaks for all columns of recipe and architecture together.

What the columns of `load` mean here:

* One row a model and device: a model of Tables 3 and 7 has a row for the V100 and one for the TPUv3, under one
  `trial_id`. Choose by `training_device` before drawing or comparing. All else has one row a model.
* `split` says where an accuracy was measured. `minival` (25,022 images; Figures 2 and 3, Table 2) is 2% of the
  training images, held out: `top1` only, `validation_fraction` 0.02. `validation` (50,000 images; all else) is
  ImageNet's validation set, which to this toolkit is the test set: `top1` and `test_top1` alike, and no
  `validation_fraction`, so that no analysis takes the two for one setting.
* `training_ms` is the time for `training_batch_size` images, the number it was stated for rather than the batch that
  fitted. Table 3 and 7 and Figure 5: 1024 images on 8 TPUv3 cores; 128 on the V100, which is inferred. timm: from
  images a second, for 128; the batch it was measured with is in `training_measured_batch_size`. Figure 3: unknown.
  The TPU's bfloat16 is called `mixed_bfloat16`, timm's automatic mixed precision `amp`.
* `macs` is half the paper's "FLOPs", or counted where there is a count (`trust_macs`): with the released stem in
  Table 7 and for timm, with the max-pool stem (`resnet_d`), which Figure 2 fits, in Figures 2 and 3.
* `seed` is 0 throughout: one number was printed for each. Recipe columns are filled where the table itself gives them;
  `stem`, `se_ratio` and `resnet_d` of an EfficientNet are the schema's defaults and mean nothing.
"""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING

from scaling.published.tables import names, read_rows, read_text, title

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["describe", "load", "names", "read_rows", "table"]


def load(name: str) -> pd.DataFrame:
    """Loads a table in the columns of `scaling.load_results`, so that every analysis takes it as it takes one's own.

    Args:
        name: one of `names()`.

    Returns:
        All columns of measured results, missing ones NaN or None, `study` being `published/<name>`; then `split`,
        `source`, `trust`, `trust_*`, `note` and what else the table has. Tables that are no results
        (`efficientnet_coefficients`, `grid_complexity`, `table6`, `table12`) come as `table` gives them.

    Raises:
        ValueError: if there is no such table.
    """
    from scaling.published.results import RESULTS, result_rows

    printed = table(name)
    if name not in RESULTS:
        return printed
    from scaling.published.columns import to_frame

    return to_frame(result_rows(name, printed))


def table(name: str) -> pd.DataFrame:
    """Loads a table as it was printed: its own columns and units, then `source`, `trust`, `trust_*` and `note`.

    Raises:
        ValueError: if there is no such table.
    """
    import pandas as pd

    frame = pd.read_csv(StringIO(read_text(name)))
    return frame.assign(note=[row["note"] for row in read_rows(name)])


def describe() -> pd.DataFrame:
    """Lists the tables: `title`, `source`, `trust` and number of `rows` (as printed), indexed by `name`."""
    import pandas as pd

    return pd.DataFrame([_described(name) for name in names()]).set_index("name")


def _described(name: str) -> dict[str, str | int]:
    rows = read_rows(name)
    sources, trusts = ("; ".join(dict.fromkeys(row[column] for row in rows)) for column in ("source", "trust"))
    return {"name": name, "title": title(name), "source": sources, "trust": trusts, "rows": len(rows)}
