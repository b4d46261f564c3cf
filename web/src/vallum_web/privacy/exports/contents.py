"""The two files at the end of an archive: what is in it, for people and for machines."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

import orjson

from vallum_web.accounts.models import User
from vallum_web.privacy.exports import shapes, tables, tape
from vallum_web.privacy.exports.models import Archive, PersonExport
from vallum_web.tenancy.models import Org
from vallum_web.tenancy.scope import scope

FORMAT = "vallum-export/1"
_OF_PERSON = (
    "It holds what live systems have on you. Encrypted backups may hold older states for up to 90 days more; they are not searched.",
    "What only proves that it is you is not in it: passwords, secrets of apps, keys of sessions.",
    "What you wrote in an organization is in it for organizations that you are a member of. Others answer for their own.",
    "Mails are listed; their text is in your mailbox.",
)
_OF_ORG = (
    "It holds what live systems have. Encrypted backups may hold older states for up to 90 days more; they are not searched.",
    "Secrets, tokens and keys are not in it, only what they are recognised by.",
    "Fingerprints of found secrets are made under this organization's own key: in another organization they are made anew.",
    "Findings are also in SARIF 2.1.0 and can be imported again; packages are in CycloneDX 1.6, those that findings name.",
)


def listed(parts: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The files of all parts."""
    return [file for part in parts for file in part["files"]]


def close(row: Archive, part: tape.Part, earlier: Sequence[Mapping[str, Any]]) -> None:
    """Write the page that leads through the archive, then the manifest with the SHA-256 of every file but itself."""
    with part.file("index.html") as file:
        for piece in _index(row, [*earlier, *part.files]):
            file.write(piece)
    part.files[-1] |= {"rows": 0, "counts": False}
    with part.file("manifest.json") as file:
        file.write(orjson.dumps(_manifest(row, [*earlier, *part.files]), option=orjson.OPT_INDENT_2))
    part.files[-1] |= {"rows": 0, "counts": False}


def _tables(row: Archive) -> Mapping[str, tables.Table]:
    return tables.of_person() if isinstance(row, PersonExport) else tables.of_organization()


def _notes(row: Archive) -> Sequence[str]:
    return _OF_PERSON if isinstance(row, PersonExport) else _OF_ORG


def _manifest(row: Archive, files: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "of": "person" if isinstance(row, PersonExport) else "organization",
        "name": _name(row),
        "id": str(row.owner),
        "asked_at": row.asked_at.isoformat(timespec="seconds"),
        "notes": _notes(row),
        "files": [{name: file[name] for name in ("name", "size", "sha256", "rows")} for file in files],
        "tables": {
            label: {
                field.name: {
                    "type": field.type,
                    "category": field.category,
                    "purpose": field.purpose,
                    "kept": field.retention,
                }
                for field in table.fields
            }
            for label, table in _tables(row).items()
        },
    }


def _index(row: Archive, files: Sequence[Mapping[str, Any]]) -> Iterable[bytes]:
    yield shapes.document(f"Everything on {_name(row)}, {row.asked_at:%Y-%m-%d}")
    yield "".join(f"<p>{escape(note)}</p>" for note in _notes(row)).encode()
    for label, table in _tables(row).items():
        mine = [file for file in files if file["name"].split("/")[-1].startswith(f"{label}-")]
        kept = sorted({field.retention for field in table.fields})
        yield f"<h2>{escape(table.title)}</h2><p>Kept: {escape('; '.join(kept))}.</p>".encode()
        yield _links(mine)
    yield b"<h2>Findings and packages</h2>"
    yield _links([file for file in files if file["name"].startswith(("findings/", "packages/"))])
    yield b"</body></html>\n"


def _links(files: Iterable[Mapping[str, Any]]) -> bytes:
    lines = [
        f'<li><a href="{escape(file["name"])}">{escape(file["name"])}</a>, {file["rows"]:,} rows</li>' for file in files
    ]
    return f"<ul>{''.join(lines) or '<li>nothing</li>'}</ul>".encode()


def _name(row: Archive) -> str:
    if isinstance(row, PersonExport):
        return str(User.objects.get(pk=row.person).email)
    with scope(row.owner):
        return str(Org.objects.get().name)
