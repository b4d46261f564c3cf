"""Accounts that nobody uses: where whoever runs the platform wants it, they are deleted after three warnings."""
