"""Pub and Julia: semantic versions in whose order the build counts too (pub_semver; Julia's VersionNumber)."""

from vallum_engine.sca.versions import semver

_NONE = b"\x00"


def key(version: str) -> bytes | None:
    """A build comes after none, and is compared like a prerelease."""
    plain, plus, build = version.strip().removeprefix("v").partition("+")
    core = semver.key(plain)
    if core is None or not plus:
        return core and core + _NONE
    identifiers = semver.identifiers(build)
    return None if identifiers is None else core + identifiers
