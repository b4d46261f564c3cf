"""Swift packages, actions of GitHub, extensions of VS Code and others: semantic versions that may be tags with a `v`."""

from vallum_engine.sca.versions import semver


def key(version: str) -> bytes | None:
    return semver.key(version.strip().lstrip("vV"))
