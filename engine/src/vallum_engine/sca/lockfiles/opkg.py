"""opkg of OpenWrt and Yocto: `usr/lib/opkg/status`, in dpkg's format."""

from collections.abc import Iterator

from vallum_engine.model.file import File
from vallum_engine.sca.lockfiles import dpkg
from vallum_engine.sca.lockfiles.entry import Entry
from vallum_engine.sca.lockfiles.paragraphs import paragraphs

TODO = "Write the image anew: opkg cannot read its own database."


def extract(file: File) -> Iterator[Entry]:
    """Yield what is installed. Raises BrokenData."""
    for line, fields in paragraphs(file, dpkg.FIELDS, TODO):
        state = fields.get("status", "").split()
        if fields.get("package") and fields.get("version") and "not-installed" not in state:
            yield dpkg.package(file, line, fields, "OpenWrt")
