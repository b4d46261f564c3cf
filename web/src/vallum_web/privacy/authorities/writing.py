"""What an authority is given: one archive with the tables of the scope as JSON, and a manifest whose hash is kept for good."""

from hashlib import sha256
from uuid import UUID

import orjson

from vallum_web.privacy.authorities import queries, scopes, services
from vallum_web.privacy.authorities.models import LegalRequest
from vallum_web.privacy.exports import shapes, tape
from vallum_web.tenancy import blobs, clock

LIMIT = 4 << 30
FORMAT = "vallum-disclosure/1"


def write(key: UUID) -> None:
    """Write the archive of a request that is agreed to. One that is written already stays as it is."""
    row = queries.one(key)
    if row.state != LegalRequest.State.GRANTED or row.kind == LegalRequest.Kind.PRESERVATION:
        return
    with (
        blobs.create(row.subject, limit=LIMIT, shelf=services.SHELF) as blob,
        tape.part(blob, begins=0, at=clock.now()) as part,
    ):
        for label in row.tables:
            _table(row, label, part)
        manifest = {
            "format": FORMAT,
            "reference": row.ref,
            "request": str(row.pk),
            "written": clock.now().isoformat(timespec="seconds"),
            "since": row.since.isoformat() if row.since else None,
            "until": row.until.isoformat() if row.until else None,
            "files": [{name: file[name] for name in ("name", "size", "sha256", "rows")} for file in part.files],
        }
        text = orjson.dumps(manifest, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS)
        with part.file("manifest.json") as file:
            file.write(text)
        part.end([])
    try:
        with blobs.unless_kept(row.subject, blob.id, shelf=services.SHELF):
            services.carried_out(key, manifest=manifest, digest=sha256(text).hexdigest(), blob=blob)
    except services.NotNowError:
        return  # refused while it was written: the file is gone, and nobody gets it


def _table(row: LegalRequest, label: str, part: tape.Part) -> None:
    table, shape, count = scopes.of(row.whose)[label], shapes.Json(), 0
    with part.file(f"{label}.json") as file:
        file.write(shape.head(table))
        for values in scopes.rows(row, label):
            file.write(shape.line(table, values, first=count == 0))
            count += 1
        file.write(shape.tail())
    part.files[-1]["rows"] = count
