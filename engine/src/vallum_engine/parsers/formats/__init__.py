"""One module per tool; each holds `FORMAT` (see `parsers/format.py`) and is found by being here."""
