"""From trials to records: the only wing that trains and times."""
