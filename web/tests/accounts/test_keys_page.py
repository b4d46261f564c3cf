"""Which keys an organization has: owners and admins see them, and ask for a new one."""

import json

import pytest
from django.db import connection

from vallum_guard.git import Credential
from vallum_web.repositories import services
from vallum_web.tenancy import tasks
from vallum_web.tenancy.audit.models import Entry
from vallum_web.tenancy.keyring import forget_org, keys, progress
from vallum_web.tenancy.keyring.keys import Owner
from vallum_web.tenancy.scope import scope

PAGE = "/acme/settings/keys/"


def give(org, number):
    url = f"https://code.example.test/team/shop{number}"
    services.add_by_url(org, None, url=url, credential=Credential(token=f"canary-{number}"))


def job():
    with connection.cursor() as cursor:
        cursor.execute("select args::text from procrastinate_jobs where task_name = 'tenancy.rotate_keys'")
        return json.loads(cursor.fetchone()[0])


@pytest.mark.asvs("11.1.2")
def test_the_page_says_which_keys_there_are_and_what_they_seal(signed_in, alice, org):
    browser = signed_in(alice)
    empty = browser.get(PAGE).content.decode()
    assert "No key yet" in empty
    assert "Rotate the key" not in empty
    give(org, 1)
    give(org, 2)
    page = browser.get(PAGE).content.decode()
    assert "Version 1" in page
    assert "2 tokens of private repositories" in page
    assert "In use" in page
    assert keys.current(Owner.org(org.pk)).key.decode() not in page
    assert "gAAAA" not in page


@pytest.mark.asvs("11.2.2")
def test_a_press_of_the_button_rotates_and_is_recorded(signed_in, alice, org):
    give(org, 1)
    browser = signed_in(alice)
    answer = browser.post(f"{PAGE}rotate/", follow=True)
    assert "The worker makes a new key" in answer.content.decode()
    with scope(org.pk):
        entry = Entry.objects.of(org).filter(kind="key.rotated").get()
    assert entry.actor == alice.pk
    asked = job()
    tasks.rotate_keys(org.pk, asked["version"])
    page = browser.get(PAGE).content.decode()
    assert "Version 2" in page
    assert "Version 1" not in page
    assert "1 value moved" in page


def test_a_rotation_under_way_says_how_far_it_is(signed_in, alice, org):
    give(org, 1)
    progress.begin(Owner.org(org.pk), 2)
    page = signed_in(alice).get(PAGE).content.decode()
    assert "A rotation began" in page
    assert "Its values are being moved" in page


@pytest.mark.asvs("7.5.3")
def test_a_rotation_asks_once_more_who_it_is(signed_in, alice, org):
    give(org, 1)
    answer = signed_in(alice, fresh=False).post(f"{PAGE}rotate/")
    assert answer["Location"].startswith("/accounts/reauthenticate/")
    assert progress.last(Owner.org(org.pk)) is None


def test_what_went_wrong_with_keys_is_the_operators_to_read(signed_in, alice, org, caplog):
    give(org, 1)
    forget_org(org)
    answer = signed_in(alice).post(f"{PAGE}rotate/", follow=True)
    page = answer.content.decode()
    assert "The key was not rotated" in page
    assert "were destroyed" not in page
    assert "were destroyed" in caplog.text


def test_values_whose_key_is_lost_are_told(signed_in, alice, org, tmp_path, settings):
    give(org, 1)
    settings.HOME = tmp_path
    assert "1 sealed value cannot be opened" in signed_in(alice).get(PAGE).content.decode()
