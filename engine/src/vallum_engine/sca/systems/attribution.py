"""Which layer of an image brought each package, and what of them came with the base image.

A package database is one file that every layer with an installation writes anew. So its versions in lower layers are asked one
after the other, from the top: the last one that still lists a package at its version is of the layer that brought it.
"""

from collections.abc import Iterable, Sequence

from vallum_engine.model.finding import Finding, Remediation
from vallum_engine.model.layer import Layer
from vallum_engine.model.package import Package
from vallum_engine.values import replace

_Key = tuple[str, str, str]


class Attribution:
    """Serves one scan. Of anything but an image it stays empty."""

    def __init__(self) -> None:
        self._layers: dict[str, Layer] = {}
        self._brought: dict[str, dict[_Key, Layer]] = {}
        self._open: dict[str, set[_Key]] = {}
        self._by_name: dict[str, Layer] = {}

    def note(self, path: str, layer: Layer, packages: Iterable[Package]) -> None:
        """A file of the image's tree, and what it lists."""
        self._layers[path] = self._by_name[layer.name] = layer
        self._open[path] = {_key(package) for package in packages}

    def follows(self, path: str) -> bool:
        """Whether versions of this file in lower layers still have something to say."""
        return bool(self._open.get(path))

    def below(self, path: str, layer: Layer, packages: Iterable[Package]) -> None:
        """What the next lower version of the file lists."""
        still = self._open[path] & {_key(package) for package in packages}
        self._open[path] = still
        self._by_name[layer.name] = layer
        self._brought.setdefault(path, {}).update(dict.fromkeys(still, layer))

    def ends(self, path: str) -> None:
        """A version that cannot be read: what is below it tells nothing."""
        self._open.pop(path, None)

    def placed(self, path: str, packages: Sequence[Package]) -> list[Package]:
        """The packages, each in the layer that brought it."""
        layer = self._layers.get(path)
        if layer is None:
            return list(packages)
        own = self._brought.get(path, {})
        return [
            replace(package, location=replace(package.location, layer=own.get(_key(package), layer).name))
            for package in packages
        ]

    def told(self, finding: Finding) -> Finding:
        """A finding whose package came with the base image alone is ended by another base image."""
        layers = {place.layer: self._by_name.get(place.layer) for place in finding.locations}
        found = [layer for layer in layers.values() if layer and layer.base]
        if not found or len(found) < len(layers):
            return finding
        numbers = ", ".join(str(layer.number) for layer in sorted(found, key=lambda layer: layer.number))
        what = f"layer{'s' * (len(found) > 1)} {numbers}"
        steps = finding.remediation.steps if finding.remediation else ()
        upgrade = finding.remediation.upgrade_to if finding.remediation else ""
        todo = f"Rebuild the image on a newer base image: it came with that, in {what}."
        return replace(finding, remediation=Remediation(steps=(todo, *steps), upgrade_to=upgrade))


def _key(package: Package) -> _Key:
    return package.name, package.version, package.arch
