"""What `audit verify` sees: pure, over forged rows."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from vallum_web.tenancy.audit import chain
from vallum_web.tenancy.audit.attest import Attested, signed
from vallum_web.tenancy.audit.chain import Parts
from vallum_web.tenancy.audit.verify import BEGINNING, Claims, Point, verify
from vallum_web.tenancy.signing import known_keys

ORG = UUID(int=1)
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


def made(count):
    """An honest chain."""
    rows, last = [], chain.BEGINNING
    for seq in range(1, count + 1):
        sealed = f"sealed {seq}" if seq % 2 else ""
        parts = Parts(
            org=str(ORG),
            seq=str(seq),
            id=str(UUID(int=seq)),
            at=chain.moment(NOW + timedelta(seconds=seq)),
            kind="token.made",
            subject=str(uuid4()),
            actor=str(uuid4()),
            actor_kind="person",
            via="",
            sealed_sha256=chain.seal_digest(sealed).hex(),
            facts='{"role":"owner"}',
            previous=last.hex(),
        )
        last = chain.digest(parts)
        rows.append((parts, sealed, last.hex()))
    return rows


def rewritten(rows, place, **changes):
    """As somebody would who knows the recipe: one entry is another, and every hash from there on fits."""
    written, last = list(rows[:place]), rows[place - 1][2]
    for number, (parts, sealed, _) in enumerate(rows[place:]):
        other = parts._replace(previous=last, **({} if number else changes))
        last = chain.digest(other).hex()
        written.append((other, sealed, last))
    return written


ROWS = made(9)


def head(rows):
    return Point(seq=int(rows[-1][0].seq), hash=bytes.fromhex(rows[-1][2])) if rows else BEGINNING


def claims(rows, **changes):
    return Claims(**{"base": None, "head": head(rows), "attested": (), "keys": known_keys(), **changes})


def point(row, reason="daily", **changes):
    values = {
        "reason": reason,
        "day": date(2026, 11, 25),
        "at": NOW,
        "seq": int(row[0].seq),
        "hash": bytes.fromhex(row[2]),
    }
    return signed(Attested(**{"org": ORG, **values, **changes}))


def test_an_honest_chain_holds():
    verdict = verify(ROWS, claims(ROWS, attested=[point(ROWS[4]), point(ROWS[8])]))
    assert (verdict.problem, verdict.entries, verdict.first, verdict.last, verdict.checkpoints) == ("", 9, 1, 9, 2)


def test_a_log_without_an_entry_holds():
    assert verify([], claims([])).problem == ""


@pytest.mark.asvs("16.4.2")
@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("org", str(UUID(int=2))),
        ("id", str(UUID(int=99))),
        ("at", chain.moment(NOW)),
        ("kind", "token.mada"),
        ("subject", str(UUID(int=2))),
        ("actor", ""),
        ("actor_kind", "system"),
        ("via", str(UUID(int=2))),
        ("sealed_sha256", "0" * 64),
        ("facts", '{"role":"ownes"}'),
        ("previous", "0" * 64),
    ],
)
def test_a_changed_column_is_found_and_its_row_named(column, value):
    rows = list(ROWS)
    parts, sealed, kept = rows[4]
    rows[4] = (parts._replace(**{column: value}), sealed, kept)
    verdict = verify(rows, claims(ROWS))
    assert verdict.problem.startswith(f"Entry 5 ({rows[4][0].id})")
    assert verdict.last == 4


def tampered(change):
    rows = list(ROWS)
    change(rows)
    return rows


def swap(rows):
    """The contents of two entries change places; their numbers stay."""
    (one, *rest_one), (two, *rest_two) = rows[3], rows[4]
    rows[3], rows[4] = (two._replace(seq="4"), *rest_two), (one._replace(seq="5"), *rest_one)


TAMPERED = {
    "a changed hash": (lambda rows: rows.__setitem__(4, (*rows[4][:2], "0" * 64)), "Entry 5 (", "was changed"),
    "another sealed part": (lambda rows: rows.__setitem__(4, (rows[4][0], "other", rows[4][2])), "Entry 5 (", "sealed"),
    "one from the middle": (lambda rows: rows.pop(4), "Entry 5 is missing", "entry 6"),
    "some from the middle": (lambda rows: rows.__delitem__(slice(3, 6)), "Entries 4 to 6 are missing", "entry 7"),
    "the first ones": (lambda rows: rows.__delitem__(slice(2)), "Entries 1 to 2 are missing", "entry 3"),
    "two in each other's place": (swap, "Entry 4 (", "does not follow entry 3"),
    "the last ones": (lambda rows: rows.__delitem__(slice(7, 9)), "The log ends at entry 7", "head stands at 9"),
    "all of them": (lambda rows: rows.clear(), "The log ends at entry 0", "head stands at 9"),
}


@pytest.mark.parametrize(("change", "begins", "says"), TAMPERED.values(), ids=TAMPERED)
def test_what_was_done_to_rows_is_found(change, begins, says):
    problem = verify(tampered(change), claims(ROWS)).problem
    assert problem.startswith(begins)
    assert says in problem


def test_an_erased_identity_is_no_change():
    rows = [(parts, "", kept) for parts, _, kept in ROWS]
    verdict = verify(rows, claims(ROWS))
    assert (verdict.problem, verdict.erased) == ("", 5)


def test_an_end_that_was_cut_off_with_its_head_is_missed_by_a_checkpoint():
    verdict = verify(ROWS[:6], claims(ROWS[:6], attested=[point(ROWS[4]), point(ROWS[8])]))
    assert verdict.problem.startswith("Entries 7 to 9 are missing from the end: the checkpoint of 2026-11-25")


def test_a_log_that_was_written_anew_is_missed_by_a_checkpoint():
    """Every hash fits, and so does the head."""
    rows = rewritten(ROWS, 2, kind="token.revoked")
    assert verify(rows, claims(rows)).problem == ""
    assert "Entry 5 is not the one" in verify(rows, claims(rows, attested=[point(ROWS[4])])).problem


@pytest.mark.parametrize(
    ("forged", "says"),
    [
        pytest.param({"hash": b"x" * 32}, "not genuine", id="another hash"),
        pytest.param({"seq": 4}, "not genuine", id="another entry"),
        pytest.param({"day": date(2026, 11, 24)}, "not genuine", id="another day"),
        pytest.param({"reason": "pruned"}, "not genuine", id="another reason"),
        pytest.param({"org": UUID(int=2)}, "not genuine", id="another organization's"),
        pytest.param({"signature": b"x" * 64}, "not genuine", id="another signature"),
        pytest.param({"key": "0" * 16}, "audit/keys", id="another key"),
    ],
)
def test_a_forged_checkpoint_is_found(forged, says):
    assert says in verify(ROWS, claims(ROWS, attested=[replace(point(ROWS[4]), **forged)])).problem


def test_a_pruned_chain_hangs_on_its_signed_checkpoint():
    rest, cut = ROWS[4:], point(ROWS[3], "pruned")
    verdict = verify(rest, claims(rest, base=cut, attested=[cut, point(ROWS[1]), point(ROWS[8])]))
    assert (verdict.problem, verdict.first, verdict.entries, verdict.checkpoints) == ("", 5, 5, 2)
    assert "not genuine" in verify(rest, claims(rest, base=replace(cut, hash=b"x" * 32))).problem
    assert "Entries 1 to 4 are missing" in verify(rest, claims(rest)).problem


def test_a_chain_of_which_all_is_pruned_holds():
    cut = point(ROWS[8], "pruned")
    assert verify([], claims(ROWS, base=cut, attested=[cut, point(ROWS[8])])).problem == ""
