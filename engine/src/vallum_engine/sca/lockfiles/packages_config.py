"""NuGet's older list, `packages.config`: all that is installed, asked for or not, with exact versions.

https://learn.microsoft.com/nuget/reference/packages-config.
"""

from collections.abc import Iterator

from vallum_engine.model.file import File
from vallum_engine.model.finding import Location
from vallum_engine.model.package import Package
from vallum_engine.sca.lockfiles.entry import Entry, Gap
from vallum_engine.sca.lockfiles.located_xml import tree

TODO = "Mend it, or install the packages again."


def extract(file: File) -> Iterator[Entry]:
    """Yield every package. Raises BrokenData."""
    for element in tree(file, TODO).each("package"):
        name, version = element.attributes.get("id", "").strip(), element.attributes.get("version", "").strip()
        if not name or not version:
            yield Gap(line=element.line, readable=False)
            continue
        dev = element.attributes.get("developmentDependency", "").lower() == "true"
        yield Package(
            ecosystem="NuGet",
            name=name,
            version=version,
            location=Location(path=file.path, line=element.line, end_line=element.line),
            groups=("dev",) if dev else (),
        )
