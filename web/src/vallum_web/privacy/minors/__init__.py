"""Accounts of people younger than 18: reported by anybody, deleted at once, without the thirty days and without papers."""
