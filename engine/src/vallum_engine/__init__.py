"""Detection as pure functions: files in, findings and what was covered out."""

# A constant, because importlib.metadata costs a tenth of the start-up budget; a test keeps it equal to pyproject.toml.
VERSION = "0.1.0"
