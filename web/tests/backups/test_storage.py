"""S3's protocol, spoken to moto's server on loopback, through the guard."""

import re
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from storing import port, s3

from vallum_guard.addresses import NOTHING_OPENED, Opening
from vallum_guard.http import Route
from vallum_web.backups import check, keep, manifest, places, services, stores
from vallum_web.backups.errors import MissingError, PlaceError
from vallum_web.backups.manifest import KEYRING, MAIN, NAME, new_name
from vallum_web.backups.models import Run
from vallum_web.backups.places import Places
from vallum_web.backups.sealing import BackupKey
from vallum_web.tenancy.models import PlatformDeparture
from vallum_web.tenancy.objects.held import Shape

__all__ = ["port", "s3"]  # the fixtures


@pytest.fixture
def storage(s3: SimpleNamespace) -> Places:
    route = Route(opening=Opening.parse(s3.opening))
    store = stores.opened(s3.place, route, access="a", secret="b")
    return Places(main=store, keyring=store, key=BackupKey.made())


def test_objects_come_and_go_with_all_their_versions(s3, storage):
    store = storage.main
    for number in range(3):
        store.put(f"{MAIN}/x/{number}", bytes([number]) * 1000)
    store.put(f"{MAIN}/x/0", b"again")
    s3.client.delete_object(Bucket=s3.bucket, Key=f"vallum/{MAIN}/x/1")
    s3.client.create_multipart_upload(Bucket=s3.bucket, Key=f"vallum/{MAIN}/x/9")
    assert list(store.names(f"{MAIN}/")) == [f"{MAIN}/x/0", f"{MAIN}/x/2"]
    assert store.get(f"{MAIN}/x/0") == b"again"
    with pytest.raises(MissingError, match="answered NoSuchKey to GetObject"):
        store.get(f"{MAIN}/x/1")
    held = list(store.everything(f"{MAIN}/"))
    assert sorted(each.shape for each in held) == sorted(
        [Shape.OBJECT, Shape.OBJECT, Shape.VERSION, Shape.VERSION, Shape.MARKER, Shape.UPLOAD]
    )
    store.remove(held)
    assert list(store.everything("")) == []


@pytest.mark.policy("PP-4d")
def test_the_storage_is_told_to_delete_and_a_look_says_where_it_would_not(s3, storage):
    now = datetime.now(UTC)
    said = check.look(storage, now).problems
    assert [problem.split(" what lies")[0].split(" has ")[1] for problem in said] == ["no rule that deletes"] * 2
    theirs = {"ID": "theirs", "Status": "Enabled", "Filter": {"Prefix": "other/"}, "Expiration": {"Days": 1}}
    s3.client.put_bucket_lifecycle_configuration(Bucket=s3.bucket, LifecycleConfiguration={"Rules": [theirs]})
    services.set_rules(storage)
    services.set_rules(storage)
    assert (storage.main.expires(f"{MAIN}/"), storage.main.expires(f"{KEYRING}/")) == (88, 6)
    rules = s3.client.get_bucket_lifecycle_configuration(Bucket=s3.bucket)["Rules"]
    assert sorted(rule["ID"] for rule in rules) == ["theirs", "vallum-vallum-keyring", "vallum-vallum-main"]
    assert check.look(storage, now).problems == ()


@pytest.mark.policy("PP-4d")
def test_versions_markers_and_unfinished_uploads_count_as_backups(s3, storage):
    services.set_rules(storage)
    name = f"{MAIN}/{new_name(datetime.now(UTC))}/{NAME}/0000000"
    storage.main.put(name, b"one")
    storage.main.put(name, b"two")
    s3.client.delete_object(Bucket=s3.bucket, Key=f"vallum/{name}")
    later = datetime.now(UTC) + timedelta(days=100)
    said = check.look(storage, later).problems
    assert sorted(re.search(r"\((.*?)\)", problem)[1] for problem in said) == [
        "delete marker",
        "earlier version",
        "earlier version",
    ]
    assert check.prune(storage, later) == 3
    assert list(storage.main.everything("")) == []
    assert keep.PROMISED[MAIN] == timedelta(days=90)


def test_a_whole_backup_lies_in_the_storage_and_what_left_is_in_the_ledger(platform, home, s3, monkeypatch):
    monkeypatch.setenv("VALLUM_BACKUP", s3.place)
    monkeypatch.setenv("VALLUM_BACKUP_ACCESS", "a")
    monkeypatch.setenv("VALLUM_BACKUP_SECRET", "b")
    monkeypatch.setenv("VALLUM_EGRESS_ALLOW", s3.opening)
    with services.opened() as stores_now:
        found = services.back_up(stores_now, unattended=False)
        assert list(manifest.whole(stores_now.main, MAIN)) == [found.backup]
    left = PlatformDeparture.objects.get()
    assert (left.entry, left.purpose, left.ok) == ("backup-storage", "backup", True)
    assert left.sent > found.stored
    assert Run.objects.get().size == found.stored
    whole = b"".join(
        s3.client.get_object(Bucket=s3.bucket, Key=each["Key"])["Body"].read()
        for each in s3.client.list_objects_v2(Bucket=s3.bucket)["Contents"]
    )
    assert b"alice@" not in whole


def test_a_storage_that_is_not_opened_or_does_not_answer_is_said_in_a_sentence(s3, storage):
    shut = stores.opened(s3.place, Route(opening=NOTHING_OPENED), access="a", secret="b")
    with pytest.raises(PlaceError, match="cannot be reached"):
        shut.get("x")
    absent = stores.opened(
        s3.place.replace(s3.bucket, "no-such-bucket"), Route(opening=Opening.parse(s3.opening)), access="a", secret="b"
    )
    with pytest.raises(MissingError, match="NoSuchBucket"):
        absent.put("x", b"")
    assert places.are_set({"VALLUM_BACKUP": s3.place})
