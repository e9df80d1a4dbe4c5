"""What ends a run early."""

from __future__ import annotations

import pytest

from scaling.datasets import DataError
from scaling.launch.run import end_where_data_is_gone
from tests.builders import train_record


def test_pictures_that_only_the_workers_lack_end_a_run_on_a_cluster() -> None:
    end_where_data_is_gone(train_record(failure="nan"), "synthetic", elsewhere=True)
    end_where_data_is_gone(train_record(failure="data"), "synthetic", elsewhere=False)
    with pytest.raises(DataError, match="on a node of the cluster: made up: data"):
        end_where_data_is_gone(train_record(failure="data"), "synthetic", elsewhere=True)
