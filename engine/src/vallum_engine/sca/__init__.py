"""Lockfiles in, vulnerable and malicious packages out."""
