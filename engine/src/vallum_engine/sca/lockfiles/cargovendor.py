"""Cargo: `vendor/NAME/Cargo.toml`, a crate whose code lies in the tree, as `cargo vendor` puts it there."""

from collections.abc import Iterator

from vallum_engine.model.file import File
from vallum_engine.model.finding import Location
from vallum_engine.model.package import Package
from vallum_engine.sca.lockfiles.entry import Entry, licence_of, mapping
from vallum_engine.sca.lockfiles.located_toml import document, places

TODO = "Let `cargo vendor` write it anew."


def extract(file: File) -> Iterator[Entry]:
    """Yield the crate of this folder. Raises BrokenData."""
    data, text = document(file, TODO)
    own = mapping(data.get("package"))
    name, version = own.get("name"), own.get("version")
    if isinstance(name, str) and isinstance(version, str):
        line = places(text).get("package", {}).get("name", 1)
        location = Location(path=file.path, line=line, end_line=line)
        licence = licence_of(own.get("license"))
        yield Package(ecosystem="crates.io", name=name, version=version, location=location, licence=licence)
