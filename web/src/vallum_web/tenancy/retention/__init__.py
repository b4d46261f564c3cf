"""What is kept for how long: rules that every app declares in its `retention.py`, and the hourly run that carries them out."""
