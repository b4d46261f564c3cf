"""The register of breaches of personal data: each with its clocks, who is touched, who was told when, and the proof of it."""
