"""BLAKE2 (RFC 7693) without OpenSSL: `hashlib` takes 2 ms to load it, a twentieth of a small scan, and asks it for other digests."""

try:
    from _blake2 import blake2b
except ImportError:  # a Python that has it elsewhere
    from hashlib import blake2b

__all__ = ["blake2b"]
