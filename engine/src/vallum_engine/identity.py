"""Fingerprints: the hash of what makes a finding the same one next time."""

from collections.abc import Iterable

from vallum_engine.digests import blake2b

PUBLIC_KEY = b"vallum"
"""The command line's key: fixed and public, so that runs on two machines agree. The platform re-keys secrets at ingest."""


def fingerprint(identity: tuple[str, ...]) -> str:
    """Hash an identity as `scheme/version:32 hex digits`; its first element is the scheme. Parts are length-prefixed."""
    return f"{identity[0]}:{blake2b(_prefixed(identity), digest_size=16).hexdigest()}"


class Siblings:
    """The fingerprints of many identities that are alike but for their last part."""

    def __init__(self, parts: tuple[str, ...]) -> None:
        self._scheme = parts[0]
        self._start = _prefixed(parts)

    def of(self, lasts: Iterable[str]) -> list[str]:
        return [
            f"{self._scheme}:{blake2b(self._start + _prefixed((last,)), digest_size=16).hexdigest()}" for last in lasts
        ]


def _prefixed(identity: tuple[str, ...]) -> bytes:
    parts = [part.encode("utf-8", "surrogatepass") for part in identity]
    return b"".join([b"%d:%b" % (len(part), part) for part in parts])


def of_package(ecosystem: str, name: str, version: str, vulnerability: str) -> tuple[str, ...]:
    """The identity of a vulnerability in one version of a package, whoever reports it. `name` in its normal form."""
    return ("package/1", ecosystem, name, version, vulnerability)


def of_value(digest: str) -> tuple[str, ...]:
    """The identity of a secret by its value alone (as `secret_hash` gives it), whatever rule found it."""
    return ("value/1", digest)


def aliases(own: tuple[str, ...], *others: tuple[str, ...]) -> tuple[str, ...]:
    """The fingerprints of other identities of the same problem, sorted, without its own."""
    return tuple(sorted({fingerprint(other) for other in others} - {fingerprint(own)}))


def secret_hash(value: bytes, key: bytes) -> str:
    """A keyed hash that stands for a secret's value outside the scanning process: 32 hex digits. `key`: 1 to 64 bytes."""
    return blake2b(value, digest_size=16, key=key).hexdigest()
