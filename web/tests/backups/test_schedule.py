"""What is due when, and what the doctor says of it."""

from datetime import UTC, datetime, timedelta

import pytest

from vallum_web.backups import schedule
from vallum_web.backups.errors import PlaceError
from vallum_web.backups.pgbackrest import KEPT_DAYS, configuration
from vallum_web.backups.sealing import BackupKey
from vallum_web.embedded.doctor import Verdict, backups

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
EVERY = schedule.errands({})


def kept(**hours):
    return {name: (NOW - timedelta(hours=each)).isoformat() for name, each in hours.items()}


@pytest.mark.parametrize(
    ("memory", "wanted"),
    [
        pytest.param({}, ["backup", "keys", "check"], id="the first time"),
        pytest.param(kept(backup=0, keys=0, check=0), ["drill"], id="a drill after the first backup"),
        pytest.param(kept(backup=23, keys=0.5, check=23, drill=167), [], id="nothing yet"),
        pytest.param(kept(backup=24, keys=1, check=24, drill=168), ["backup", "keys", "check", "drill"], id="all"),
        pytest.param(kept(backup=30, backup_tried=0.5, keys=0, check=0, drill=0), [], id="failed just now"),
        pytest.param(kept(backup=30, backup_tried=1.5, keys=0, check=0, drill=0), ["backup"], id="failed long ago"),
        pytest.param(kept(backup=-48, keys=0, check=0, drill=0), ["backup"], id="a clock that was ahead"),
    ],
)
def test_what_is_due(memory, wanted):
    assert [errand.name for errand in schedule.due(EVERY, memory, NOW)] == wanted


def test_the_operator_says_how_often():
    often = schedule.errands({"VALLUM_BACKUP_EVERY": "0.5"})
    assert [errand.name for errand in schedule.due(often, kept(backup=0.6, keys=0, check=0, drill=0), NOW)] == [
        "backup"
    ]


@pytest.mark.parametrize(
    ("environ", "memory", "verdict", "said"),
    [
        pytest.param({}, {}, Verdict.WARN, "none are taken", id="off"),
        pytest.param({"VALLUM_BACKUP": "/b"}, {}, Verdict.FAIL, "wait for the recovery kit", id="no kit"),
        pytest.param(
            {"VALLUM_BACKUP": "/b"},
            {"confirmed": "A", **kept(backup=3, drill=300, check=5)},
            Verdict.OK,
            "backup 3 hours ago, drill 12 days ago",
            id="well",
        ),
        pytest.param(
            {"VALLUM_BACKUP": "/b"},
            {"confirmed": "A", **kept(backup=3, drill=337, check=5)},
            Verdict.FAIL,
            "drill 14 days ago",
            id="no drill in 14 days",
        ),
        pytest.param(
            {"VALLUM_BACKUP": "/b"}, {"confirmed": "A"}, Verdict.FAIL, "backup never went well", id="none yet"
        ),
    ],
)
@pytest.mark.policy("PP-4d")
def test_the_doctor_sees_when_backups_or_drills_stay_away(environ, memory, verdict, said):
    line = backups(environ, memory, NOW.timestamp())
    assert (line.verdict, said in line.found) == (verdict, True), line


def test_the_configuration_for_pgbackrest_keeps_75_days_so_that_none_gets_90_old():
    key = BackupKey.made()
    place = "s3://bucket/vallum?endpoint=https://s3.example.net:8443&region=gra"
    text = configuration(place, key, "/var/lib/postgresql/18/main", access="A", secret="B")
    lines = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    assert lines["repo1-retention-full-type"] == "time"
    assert int(lines["repo1-retention-full"]) + 7 + 7 < 90, "a full one a week, and a late expiry"
    assert KEPT_DAYS == 75
    assert (lines["repo1-s3-endpoint"], lines["repo1-storage-port"]) == ("s3.example.net", "8443")
    assert lines["repo1-path"] == "/vallum/pgbackrest"
    assert key.text not in text
    with pytest.raises(PlaceError, match="HTTPS"):
        configuration("s3://bucket?endpoint=http://s3.example.net", key, "/data")
