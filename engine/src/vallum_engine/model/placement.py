"""Findings and packages of an image: which layer each place is from, and what is only in a lower one."""

from collections.abc import Iterable, Sequence

from vallum_engine.model.file import File
from vallum_engine.model.finding import Finding, Kind, Location, Remediation
from vallum_engine.model.layer import CONFIG_PATH, Layer
from vallum_engine.model.package import Package
from vallum_engine.values import replace

ONLY_BELOW = (
    "It is only in a lower layer of the image: a later one deletes or replaces the file, and whoever can pull the image"
    " can still read it."
)
BUILD_ANEW = (
    "Build the image anew without it in any layer (a secret mount, or a build stage that is left behind), and delete the"
    " old image wherever it was pushed."
)


class Placement:
    """What the files of one scan say of their layers. Of anything but an image it stays empty."""

    def __init__(self) -> None:
        self._layers: dict[str, str] = {}

    def note(self, file: File) -> None:
        if file.layer and not file.lower:
            self._layers[file.path] = file.layer.name

    def at_once(self, finding: Finding, file: File) -> Finding:
        """A finding in this very file."""
        if file.layer is None:
            return finding
        name = file.layer.name
        places = (
            place if place.layer or place.path != file.path else replace(place, layer=name, lower=file.lower)
            for place in finding.locations
        )
        return replace(finding, locations=tuple(places))

    def later(self, finding: Finding) -> Finding:
        """A finding that was concluded from what several files say."""
        if not self._layers:
            return finding
        return replace(finding, locations=tuple(map(self._placed, finding.locations)))

    def package(self, package: Package) -> Package:
        if not self._layers:
            return package
        return replace(package, location=self._placed(package.location))

    def _placed(self, place: Location) -> Location:
        return place if place.layer else replace(place, layer=self._layers.get(place.path, ""))


def told(finding: Finding) -> Finding:
    """The finding, saying so where it is in no file of the image's tree any more."""
    if not finding.locations or not all(place.lower for place in finding.locations):
        return finding
    known = finding.remediation or Remediation(steps=())
    return replace(
        finding,
        message=f"{finding.message} {ONLY_BELOW}",
        remediation=replace(known, steps=(*known.steps, BUILD_ANEW)),
    )


def named(finding: Finding, layers: Sequence[Layer]) -> Finding:
    """The finding with those of the layers that its locations name."""
    names = {place.layer for place in finding.locations if place.layer}
    return replace(finding, layers=tuple(layer for layer in layers if layer.name in names)) if names else finding


def without_secrets(layers: Sequence[Layer], findings: Iterable[Finding]) -> tuple[Layer, ...]:
    """The layers, the commands left out that a secret was found in: a report never carries one."""
    lines = {
        place.line
        for finding in findings
        if finding.kind is Kind.SECRET
        for place in finding.locations
        if place.path == CONFIG_PATH
    }
    return tuple(layer.without_secret() if layer.line in lines else layer for layer in layers)
