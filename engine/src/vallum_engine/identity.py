"""Fingerprints: the hash of what makes a finding the same one next time."""

from hashlib import blake2b

PUBLIC_KEY = b"vallum"
"""The command line's key: fixed and public, so that runs on two machines agree. The platform re-keys secrets at ingest."""


def fingerprint(identity: tuple[str, ...]) -> str:
    """Hash an identity as `scheme/version:32 hex digits`; its first element is the scheme. Parts are length-prefixed."""
    digest = blake2b(digest_size=16)
    for part in identity:
        data = part.encode("utf-8", "surrogatepass")
        digest.update(b"%d:" % len(data))
        digest.update(data)
    return f"{identity[0]}:{digest.hexdigest()}"


def secret_hash(value: bytes, key: bytes) -> str:
    """A keyed hash that stands for a secret's value outside the scanning process: 32 hex digits. `key`: 1 to 64 bytes."""
    return blake2b(value, digest_size=16, key=key).hexdigest()
