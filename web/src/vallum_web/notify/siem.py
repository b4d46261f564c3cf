"""The same message for machines that collect logs: one flat record for each thing that happened. Pure.

A record is a line of JSON (`lines`), or the text of a syslog message of RFC 5424 in a frame of RFC 5425 (`frames`).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import orjson

from vallum_web.notify.models import Occasion

LONGEST: Final = 7_900
"""Bytes of a record: with its header within the 8,192 octets that every receiver of syslog over TLS should take."""
CLIPPED: Final = 200
"""Letters of each text, and entries of each list, of a record that is longer: it says so itself (`clipped`)."""
MOST: Final = 5
AUDIT: Final = 13
"""The facility "log audit"."""
_SEVERITIES: Final = {"critical": 2, "high": 3, "medium": 4, "low": 5, "info": 6}
_NOTICE: Final = 5
_BOM: Final = b"\xef\xbb\xbf"
_OF_FINDINGS: Final = frozenset(
    {occasion.value for occasion in Occasion} - {Occasion.GATE_FAILED, Occasion.SCAN_FAILED}
)


def body(message: str) -> str:
    """What is kept and sent; `message` is as `payload.message` wrote it."""
    told = orjson.loads(message)
    return orjson.dumps([_fit(record) for record in _records(told)]).decode()


def lines(kept: str) -> bytes:
    """One record a line."""
    return b"".join(orjson.dumps(record) + b"\n" for record in orjson.loads(kept))


def frames(kept: str, host: str) -> bytes:
    """One message a record, each with its octets counted before it."""
    messages = [_message(record, host) for record in orjson.loads(kept)]
    return b"".join(b"%d %s" % (len(message), message) for message in messages)


def _message(record: Mapping[str, Any], host: str) -> bytes:
    severity = _SEVERITIES.get(record.get("severity", ""), _NOTICE)
    header = f"<{AUDIT * 8 + severity}>1 {record['time']} {host or '-'} vallum - {record['type']} - "
    return header.encode("ascii") + _BOM + orjson.dumps(record)


def _records(told: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    kind, data = told["type"], told["data"]
    common = {
        "version": told["version"],
        "time": told["timestamp"],
        "type": kind,
        "organization": data["organization"]["slug"],
    }
    if kind not in _OF_FINDINGS:
        rest = {key: value for key, value in data.items() if key != "organization"}
        yield {**common, "product": "vallum", **rest}
        return
    for row in data["findings"]:
        yield {**common, "product": "vallum", **row, "asset": row["asset"]["name"]}
    if (more := data["count"] - len(data["findings"])) > 0:
        yield {**common, "product": "vallum", "more": more, "url": data["url"]}


def _fit(record: dict[str, Any]) -> dict[str, Any]:
    if len(orjson.dumps(record)) <= LONGEST:
        return record
    return {**{key: _clipped(value) for key, value in record.items()}, "clipped": True}


def _clipped(value: Any) -> Any:
    if isinstance(value, str):
        return value[:CLIPPED]
    if isinstance(value, Mapping):
        return {key: _clipped(each) for key, each in value.items()}
    if isinstance(value, Sequence):
        return [_clipped(each) for each in value[:MOST]]
    return value
