import psycopg
from django.db import connection

from vallum_web.tenancy.keys import uuid7

FALLBACK = """
create function pg_temp.old() returns uuid language sql volatile
  as $$ select encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid())
        placing substring(int8send((extract(epoch from clock_timestamp()) * 1000)::bigint) from 3) from 1 for 6),
        52, 1), 53, 1), 'hex')::uuid $$
"""


def test_keys_are_version_7_and_sort_by_time():
    keys = [uuid7() for _ in range(1000)]
    assert {(key.version, key.variant) for key in keys} == {(7, "specified in RFC 4122")}
    assert len(set(keys)) == 1000
    times = [key.int >> 80 for key in keys]
    assert times == sorted(times)


def test_the_databases_keys_are_of_the_same_kind(db):
    with connection.cursor() as cursor:
        cursor.execute("select vallum_uuid7() from generate_series(1, 100)")
        keys = [row[0] for row in cursor.fetchall()]
    assert {key.version for key in keys} == {7}
    assert abs((keys[0].int >> 80) - (uuid7().int >> 80)) < 60_000


def test_so_are_those_of_a_server_that_brings_none(live_database):
    with psycopg.connect(live_database.app) as session:
        session.execute(FALLBACK)
        keys = [row[0] for row in session.execute("select pg_temp.old() from generate_series(1, 100)")]
    assert {(key.version, key.variant) for key in keys} == {(7, "specified in RFC 4122")}
    assert abs((keys[0].int >> 80) - (uuid7().int >> 80)) < 60_000
