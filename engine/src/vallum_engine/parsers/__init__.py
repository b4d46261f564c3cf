"""Reports of other tools as values: one module per tool in `formats/`, found by its content, read within limits."""
