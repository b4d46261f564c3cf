"""Writes of billing: notices taken in, accounts brought up to date, commands sent, and all of it reconciled."""
