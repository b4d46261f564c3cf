"""The privacy policy held against what is true: clauses, verdicts, live figures, and the public page."""
