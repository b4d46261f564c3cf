"""Deletion: thirty days in which everything is hidden and can be had back, then for good, with a receipt."""
