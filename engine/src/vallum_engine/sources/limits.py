"""What a source takes before it says "too much": the defaults of the command line, set lower or higher by the caller."""

from vallum_engine.values import immutable

LARGE_NAMES = frozenset(
    {
        "Cargo.lock",
        "Gemfile.lock",
        "Package.resolved",
        "Packages",
        "Packages.db",
        "Pipfile.lock",
        "Podfile.lock",
        "composer.lock",
        "conan.lock",
        "gems.locked",
        "go.sum",
        "gradle.lockfile",
        "installed.json",
        "npm-shrinkwrap.json",
        "package-lock.json",
        "packages.lock.json",
        "paket.lock",
        "pdm.lock",
        "pnpm-lock.yaml",
        "poetry.lock",
        "project.assets.json",
        "pubspec.lock",
        "rpmdb.sqlite",
        "uv.lock",
        "verification-metadata.xml",
        "yarn.lock",
    }
)
"""Files that a machine wrote and that are worth reading at a size that no person writes."""


@immutable
class Limits:
    """Of a folder. A file over `file_bytes` is named and left out; the other limits end the walk, and say where.

    Of archives in it: `levels` in one another are opened (0: none). Each has the limits of an archive, and all together unpack to
    no more than `total_bytes` and hold no more than `files`: those beyond are named.
    """

    file_bytes: int = 10 << 20
    large_file_bytes: int = 64 << 20
    files: int = 1_000_000
    total_bytes: int = 4 << 30
    depth: int = 100
    levels: int = 4

    def of(self, name: str) -> int:
        """How many bytes a file of this name may have."""
        return max(self.file_bytes, self.large_file_bytes) if name in LARGE_NAMES else self.file_bytes


@immutable
class ArchiveLimits:
    """Of an archive and the archives in it: what they unpack to. `ratio` counts only above `ratio_floor` unpacked bytes.

    `levels` archives in one another are opened (0: none), as far as those that are open in memory have no more than `held_bytes`.
    """

    file_bytes: int = 10 << 20
    large_file_bytes: int = 64 << 20
    files: int = 50_000
    packed_bytes: int = 512 << 20
    total_bytes: int = 512 << 20
    ratio: int = 100
    ratio_floor: int = 16 << 20
    depth: int = 20
    levels: int = 4
    held_bytes: int = 128 << 20

    def of(self, name: str) -> int:
        """How many bytes a file of this name may have."""
        return max(self.file_bytes, self.large_file_bytes) if name in LARGE_NAMES else self.file_bytes


@immutable
class ImageLimits(ArchiveLimits):
    """Of a container image: all its layers together. A log of zeros packs a thousand to one, so the ratio is a high one."""

    files: int = 1_000_000
    packed_bytes: int = 16 << 30
    total_bytes: int = 16 << 30
    ratio: int = 1000
    ratio_floor: int = 1 << 30
    names_bytes: int = 512 << 20
    """What the names of all layers may take in memory: whether a file shows is asked of them to the end."""
    depth: int = 100
