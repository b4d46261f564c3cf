"""Which names the platform's own processes may look up beside the guard: those of its databases."""

import pytest

from vallum_web.config import tripwire

NAMES = [
    pytest.param({}, set(), id="nothing said"),
    pytest.param({"DATABASE_URL": "postgresql://app:pw@db.example:5432/vallum"}, {"db.example"}, id="with a port"),
    pytest.param({"DATABASE_URL": "postgresql://db.example/vallum"}, {"db.example"}, id="without a port"),
    pytest.param({"DATABASE_URL": "postgresql://a@/vallum?host=/run/postgresql"}, set(), id="a socket"),
    pytest.param({"DATABASE_URL": "postgresql://a@/vallum?host=one,two"}, {"one", "two"}, id="hosts in the query"),
    pytest.param({"DATABASE_URL": "postgresql://a@one:1,two:2/vallum"}, {"one", "two"}, id="hosts in front"),
    pytest.param({"DATABASE_URL": "postgresql://a@[::1]:5432/vallum"}, set(), id="an address needs no look-up"),
    pytest.param({"KEYRING_URL": "postgresql://a@keys.example/k"}, {"keys.example"}, id="the keyring's"),
]


@pytest.mark.parametrize(("environment", "expected"), NAMES)
def test_names_of_the_databases(environment, expected):
    assert tripwire.names(environment) == expected
