"""What is measured: a process that reads a list of packages, matches it against a database, and says what it found."""

import gc
import json
import sys

from vallum_engine.model.finding import Location
from vallum_engine.model.package import Package
from vallum_engine.sca.advisories import open_database
from vallum_engine.sca.match import match


def main(database: str, packages: str) -> None:
    place = Location(path="list")
    with open(packages, "rb") as file:
        listed = json.load(file)
    with open_database(database) as advisories:
        outcome = match(
            (
                Package(ecosystem=ecosystem, name=name, version=version, location=place)
                for ecosystem, name, version in listed
            ),
            advisories,
        )
    affected = {finding.package.purl for finding in outcome.findings if finding.package}
    sys.stdout.write(f"{len(outcome.findings)} {len(affected)} {len(outcome.unordered)}\n")


if __name__ == "__main__":
    gc.disable()  # a process that ends at once frees everything by ending
    main(*sys.argv[1:])
