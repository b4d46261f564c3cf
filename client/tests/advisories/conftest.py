"""An advisory source on loopback that breaks off, lies and moves on, by real HTTP."""

import base64
import hashlib
import http.server
import io
import json
import threading
import zipfile
from dataclasses import dataclass, field
from urllib.parse import quote

import pytest


def record(number, ecosystem="npm", name="left-pad", fixed="1.0.1", modified="2026-08-01T00:00:00Z"):
    return {
        "id": f"TEST-{number}",
        "modified": modified,
        "summary": f"Problem {number}",
        "affected": [
            {
                "package": {"ecosystem": ecosystem, "name": name},
                "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": fixed}]}],
            }
        ],
    }


def archive(*records):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as out:
        for entry in records:
            out.writestr(zipfile.ZipInfo(f"{entry['id']}.json"), json.dumps(entry))
    return buffer.getvalue()


@dataclass
class Source:
    """What is served, and what was asked."""

    port: int = 0
    files: dict[str, bytes] = field(default_factory=dict)
    cut_after: list[int] = field(default_factory=list)
    """Bytes after which the next answers break off, one each."""
    wrong_hash: bool = False
    hashes: bool = True
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def serve(self, ecosystem, *records):
        self.files[f"/{quote(ecosystem)}/all.zip"] = archive(*records)

    def ranges(self):
        return [headers.get("Range") for path, headers in self.asked if path.endswith("all.zip")]


class Handler(http.server.BaseHTTPRequestHandler):
    source: Source

    def do_GET(self):
        source = self.source
        source.asked.append((self.path, dict(self.headers)))
        data = source.files.get(self.path)
        if data is None:
            self.send_error(404)
            return
        etag = f'"{hashlib.sha256(data).hexdigest()[:16]}"'
        if self.headers.get("If-None-Match") == etag:
            self.send_response(304)
            self.end_headers()
            return
        start = 0
        wanted = self.headers.get("Range")
        if wanted and self.headers.get("If-Range") == etag:
            start = int(wanted.removeprefix("bytes=").removesuffix("-"))
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        else:
            self.send_response(200)
        self.send_header("ETag", etag)
        self.send_header("Content-Length", str(len(data) - start))
        if source.hashes:
            whole = b"other" if source.wrong_hash else data
            md5 = base64.b64encode(hashlib.md5(whole, usedforsecurity=False).digest()).decode()
            self.send_header("x-goog-hash", f"crc32c=AAAAAA==,md5={md5}")
        self.end_headers()
        end = len(data)
        if source.cut_after:
            end = min(end, start + source.cut_after.pop(0))
        self.wfile.write(data[start:end])

    def log_message(self, *arguments):
        pass


@pytest.fixture
def source(monkeypatch):
    served = Source()
    handler = type("Bound", (Handler,), {"source": served})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        served.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        monkeypatch.setenv("VALLUM_EGRESS_ALLOW", f"127.0.0.1/32:{served.port}")
        monkeypatch.setenv("VALLUM_DB_SOURCE", served.url)
        yield served
        server.shutdown()


@pytest.fixture
def entry():
    """Make an OSV record."""
    return record


@pytest.fixture
def pack():
    """Make an archive of records."""
    return archive
