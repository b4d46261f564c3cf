"""Source code, as far as detectors need it: below them, and knowing nothing of packages or problems."""
