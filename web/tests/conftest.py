"""One PostgreSQL per run, migrated once by the owner; each test process works on a clone, as the application's role."""

import atexit
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import roomy

# In memory where there is plenty: the keyring there is written through at each change.
_HOME = tempfile.mkdtemp(prefix="vallum-home-", dir=roomy.PLACE)
atexit.register(shutil.rmtree, _HOME, ignore_errors=True)
os.environ["VALLUM_HOME"] = _HOME
os.environ["VALLUM_POOL"] = "0"
os.environ["VALLUM_SIGNUP"] = "open"
os.environ["VALLUM_INBOX"] = "1"
# Nobody listens there: a look-up fails at once instead of leaving the machine.
os.environ["VALLUM_NAMESERVERS"] = "127.0.0.1:9"
os.environ["DATABASE_URL"] = "postgresql://vallum_app@/unset"
os.environ["DJANGO_SETTINGS_MODULE"] = "vallum_web.config.settings"

import django  # noqa: E402 - reads the lines above

django.setup()

import making  # noqa: E402 - the settings read the lines above
import prepared  # noqa: E402 - as above
from allauth.account.internal.flows import login  # noqa: E402 - the settings read the lines above
from django.conf import settings  # noqa: E402 - the settings read the lines above
from django.db import connections, transaction  # noqa: E402 - the settings read the lines above
from django.test import Client  # noqa: E402 - the settings read the lines above
from whitenoise.middleware import WhiteNoiseMiddleware  # noqa: E402 - as above

from vallum_web.accounts.abuse import signing_in, watch  # noqa: E402 - as above
from vallum_web.config.settings import _database  # noqa: E402 - as above
from vallum_web.embedded.ephemeral import clone, drop, ephemeral  # noqa: E402 - as above
from vallum_web.tenancy import clock  # noqa: E402 - as above

# The real algorithm at its lowest cost.
settings.PASSWORD_HASHERS = ["vallum_web.accounts.hashers.LowCost"]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes() -> None:
    """Told of the settings, a test process would read them before it has a home of its own, and all would share this one's."""
    os.environ.pop("DJANGO_SETTINGS_MODULE", None)


def _static_files_once() -> None:
    """Every test client starts the site anew, and would look through all folders for static files each time."""
    look, found = WhiteNoiseMiddleware.add_files_from_finders, {}

    def remembered(self: WhiteNoiseMiddleware) -> None:
        if not found:
            look(self)
            found.update(self.files)
        self.files = dict(found)

    WhiteNoiseMiddleware.add_files_from_finders = remembered


_static_files_once()


@pytest.fixture(scope="session")
def server() -> Iterator[Any]:
    """A server of this test process's own, on a copy of a migrated cluster."""
    with ephemeral(lay_out=prepared.lay_out, within=roomy.PLACE) as running:
        yield running


def _use(urls: Any) -> None:
    connections["default"].close()
    fresh = _database(urls.app)
    connections["default"].settings_dict.update(fresh)
    settings.DATABASES["default"].update(fresh)
    os.environ["DATABASE_URL"], os.environ["DATABASE_OWNER_URL"] = urls.app, urls.owner


@pytest.fixture(scope="session")
def django_db_setup(server: Any, django_db_blocker: Any) -> Iterator[None]:
    """What pytest-django asks for before the first test with a database."""
    with django_db_blocker.unblock():
        _use(clone(server, "tests"))
        yield
        connections["default"].close()


@pytest.fixture
def live_database(server: Any, django_db_blocker: Any, django_db_setup: None) -> Iterator[Any]:
    """A clone of a test's own, for what commits or looks from several connections. Gives its Urls."""
    with django_db_blocker.unblock():
        urls = clone(server, "live")
        _use(urls)
        yield urls
        connections["default"].close()
        _use(server.cluster.urls("tests"))
        drop(server, "live")


@pytest.fixture(scope="module")
def standing(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """A transaction around a module: what its fixtures make stands before each test, which takes back only its own.

    For modules that walk many addresses with one and the same world. Not beside `live_database`, which changes databases.
    """
    around = transaction.atomic()
    around._from_testcase = True  # durable blocks may begin inside, as in any test
    with django_db_blocker.unblock(), around:
        yield
        transaction.set_rollback(True)


@pytest.fixture(autouse=True)
def _nobody_tried_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test's wrong passwords are its own: a process remembers those of a day, and all tests come from one address."""
    monkeypatch.setattr(signing_in, "WATCH", watch.Watch())


@pytest.fixture
def limits_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """For tests of what limits let through: the rules that shut a network out sooner (accounts/abuse) say nothing."""
    monkeypatch.setattr(watch, "STUFFED", watch.MOST_ACCOUNTS + 1)
    monkeypatch.setattr(watch, "SPRAYED", watch.MOST_ACCOUNTS + 1)


@pytest.fixture
def people(db: None) -> SimpleNamespace:
    """Alice owns, Bob belongs, Charlie is a stranger with an organization of his own."""
    return making.people()


@pytest.fixture
def alice(people: SimpleNamespace) -> Any:
    return people.alice


@pytest.fixture
def bob(people: SimpleNamespace) -> Any:
    return people.bob


@pytest.fixture
def charlie(people: SimpleNamespace) -> Any:
    return people.charlie


@pytest.fixture
def org(people: SimpleNamespace) -> Any:
    return people.org


@pytest.fixture
def signed_in() -> Callable[[Any], Client]:
    """A browser in which somebody is signed in, and has just proved who they are (`fresh=False`: long ago)."""

    def make(user: Any, *, fresh: bool = True) -> Client:
        browser = Client()
        browser.force_login(user)
        if fresh:
            # Both proofs: who has a second factor is believed by that one alone.
            proofs = [
                {"method": method, "at": clock.now().timestamp(), "reauthenticated": True}
                for method in ("password", "mfa")
            ]
            session = browser.session
            session[login.AUTHENTICATION_METHODS_SESSION_KEY] = proofs
            session[login._AUTHENTICATION_METHODS_USER_SESSION_KEY] = str(user.pk)
            session.save()
        return browser

    return make
