"""The demo's stand-ins, as the platform knows of them: their clock is its clock, and every page leads to them."""

from datetime import timedelta

import pytest
from django.apps import apps
from django.core.exceptions import ImproperlyConfigured

from vallum_web.tenancy import clock


@pytest.fixture
def folder(tmp_path, settings):
    (tmp_path / "address").write_text("http://127.0.0.1:12110/\n")
    settings.STAND_INS = str(tmp_path)
    yield tmp_path
    clock.follow(None)


def test_their_clock_is_followed_whenever_it_moves(folder, settings):
    settings.DEMO = True
    before = clock.now()
    apps.get_app_config("tenancy").ready()
    assert clock.now() - before < timedelta(minutes=1)  # nobody moved it yet
    for days in (3, 10):
        (folder / "clock.new").write_text(str(days * 86_400.0))
        (folder / "clock.new").replace(folder / "clock")
        assert timedelta(days=days) <= clock.now() - before < timedelta(days=days, minutes=1)


@pytest.mark.parametrize("setting", ["DEMO", "LOOPBACK"])
def test_nothing_but_the_demo_on_loopback_starts_with_them(folder, settings, setting):
    settings.DEMO = settings.LOOPBACK = True
    setattr(settings, setting, False)
    with pytest.raises(ImproperlyConfigured, match="moves the clock"):
        apps.get_app_config("tenancy").ready()


def test_each_page_leads_to_them_and_says_how_far_ahead_it_is(folder, settings, people, signed_in):
    settings.DEMO = True
    (folder / "clock").write_text(str(2 * 3600.0 + 86_400))
    apps.get_app_config("tenancy").ready()
    page = signed_in(people.alice).get("/acme/").content.decode()
    assert '1 day ahead · <a href="http://127.0.0.1:12110/">Stand-ins</a>' in page
