"""Which packages are compared: names, versions and the hashes that their registries gave, one list an ecosystem."""

from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """`hash` as the ecosystem's own client checks it."""

    name: str
    version: str
    hash: str


def read(ecosystem: str) -> list[Listed]:
    lines = (HERE / f"{ecosystem}.tsv").read_text("utf-8").splitlines()[1:]
    rows = (line.split("\t") for line in lines)
    return [Listed(name=name, version=version, hash=hash_) for name, version, hash_ in rows]
