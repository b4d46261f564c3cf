"""The house's own rules: what ruff, mypy and import-linter cannot say. One module a rule, each with a test."""
