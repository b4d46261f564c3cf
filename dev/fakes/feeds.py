"""The publishers of EPSS and KEV on loopback: a name of the newest that leads to a dated one, and versions that are not sent twice."""

import gzip
import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from dev.fakes.loopback import Answer, Asked
from dev.fakes.site import Site

EPSS = "/epss_scores-current.csv.gz"
KEV = "/known_exploited_vulnerabilities.json"


def scores(rows: Mapping[str, tuple[float, float]], *, day: str = "2026-11-20") -> bytes:
    """Scores as FIRST writes them, not packed."""
    head = [f"#model_version:v2025.03.14,score_date:{day}T12:55:00Z", "cve,epss,percentile"]
    body = (f"{cve},{score:.5f},{share:.5f}" for cve, (score, share) in rows.items())
    return "".join(f"{line}\n" for line in (*head, *body)).encode()


def catalogue(entries: Iterable[Mapping[str, Any]], *, day: str = "2026-11-20", **more: Any) -> bytes:
    """The catalogue as CISA writes it; each entry needs a `cveID` alone."""
    plain = {"dateAdded": "2026-03-03", "dueDate": "2026-03-24", "knownRansomwareCampaignUse": "Unknown"}
    whole = [{**plain, **entry} for entry in entries]
    told = {
        "title": "CISA Catalog of Known Exploited Vulnerabilities",
        "catalogVersion": day.replace("-", "."),
        "dateReleased": f"{day}T17:04:19.9796Z",
        "count": len(whole),
    }
    return json.dumps({**told, "vulnerabilities": whole, **more}).encode()


def publish_scores(site: Site, rows: Mapping[str, tuple[float, float]], *, day: str = "2026-11-20") -> None:
    dated = f"/epss_scores-{day}.csv.gz"
    site.redirect(EPSS, dated)
    put(site, dated, gzip.compress(scores(rows, day=day)))


def put(site: Site, path: str, body: bytes) -> None:
    """A page with a version, which is told alone to who has it."""
    etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'

    def answer(asked: Asked) -> Answer:
        if asked.headers.get("If-None-Match") == etag:
            return Answer(status=304, headers={"ETag": etag})
        return Answer(headers={"ETag": etag}, body=body)

    site.pages[path] = answer
