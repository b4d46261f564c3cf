"""rpm's databases, made for tests: headers, and the three forms they are kept in. Nobody's code reads them here but ours and SQLite's."""

import sqlite3
import struct

TEXT, NUMBER = 6, 4
TAGS = {"name": 1000, "version": 1001, "release": 1002, "epoch": 1003, "arch": 1022, "source": 1044, "module": 5096}
PAGE = 4096


def header(*, padding=0, **told):
    """A header with these values; `padding` bytes of a value that nobody asks for make it long."""
    index, data = [], b""
    values = [(63, 7, b"\0" * 16), *((TAGS[key], *value(told[key])) for key in TAGS if key in told)]
    if padding:
        values.append((1117, TEXT, b"x" * padding + b"\0"))
    for tag, kind, raw in values:
        data += b"\0" * (-len(data) % 4)
        index.append(struct.pack(">IIII", tag, kind, len(data), 1))
        data += raw
    return struct.pack(">II", len(index), len(data)) + b"".join(index) + data


def value(given):
    return (NUMBER, struct.pack(">I", given)) if isinstance(given, int) else (TEXT, given.encode() + b"\0")


def as_sqlite(blobs, path):
    """Written by SQLite itself, as rpm has it: with a write-ahead log, which the header says."""
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("CREATE TABLE 'Packages' (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)")
    connection.execute("CREATE TABLE 'Name' (key TEXT NOT NULL, hnum INTEGER NOT NULL, idx INTEGER NOT NULL)")
    connection.executemany("INSERT INTO Packages (blob) VALUES (?)", [(blob,) for blob in blobs])
    connection.commit()
    connection.close()
    return path.read_bytes()


def as_ndb(blobs, _path=None):
    slots, body, place = [], b"", PAGE
    for number, blob in enumerate(blobs, 1):
        slots.append(struct.pack("<4sIII", b"Slot", number, place // 16, 0))
        body += struct.pack("<4sIII", b"BlbS", number, 0, len(blob)) + blob
        body += b"\0" * (-len(body) % 16)
        place = PAGE + len(body)
    empty = struct.pack("<4sIII", b"Slot", 0, 0, 0)
    slots += [empty] * (PAGE // 16 - 2 - len(slots))
    return struct.pack("<4sIIIIIII", b"RpmP", 0, 1, 1, len(blobs) + 1, 0, 0, 0) + b"".join(slots) + body


def as_bdb(blobs, _path=None, order="<"):
    """One hash page with a key and a value for each; values of more than a quarter of a page flow over."""
    items, pages = [], []
    for number, blob in enumerate([struct.pack(order + "I", len(blobs)), *blobs]):
        items.append(b"\1" + struct.pack(order + "I", number))
        if len(blob) <= PAGE // 4:
            items.append(b"\1" + blob)
            continue
        items.append(struct.pack(order + "B3xII", 3, 2 + len(pages), len(blob)))
        parts = [blob[at : at + PAGE - 26] for at in range(0, len(blob), PAGE - 26)]
        for left, part in zip(range(len(parts) - 1, -1, -1), parts, strict=True):
            following = 3 + len(pages) if left else 0
            pages.append(page(order, 2 + len(pages), following, 1, len(part), 7) + part.ljust(PAGE - 26, b"\0"))
    place, places, body = PAGE, [], b""
    for item in items:
        place -= len(item)
        places.append(place)
        body = item + body
    inp = struct.pack(f"{order}{len(places)}H", *places)
    hashed = page(order, 1, 0, len(places), place, 13) + inp
    hashed = hashed.ljust(PAGE - len(body), b"\0") + body
    meta = struct.pack(order + "8xIIIIBBBxI", 0, 0x061561, 9, PAGE, 0, 8, 0, 0) + struct.pack(
        order + "I", 1 + len(pages)
    )
    return meta.ljust(PAGE, b"\0") + hashed + b"".join(pages)


def page(order, number, following, entries, offset, kind):
    return struct.pack(order + "8xIIIHHBB", number, 0, following, entries, offset, 0, kind)


FORMS = {"sqlite": as_sqlite, "ndb": as_ndb, "bdb": as_bdb}
