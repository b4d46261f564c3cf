"""Findings as files: what one file line is made of, which findings, and SARIF. Exports of lists and of organizations share it."""
