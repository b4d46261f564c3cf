"""Deleting, having back and the receipt, as a person meets them."""

import json
import re
from datetime import timedelta

import making
import pytest
from browsing import Browser
from django.core.cache import cache
from django.test import Client
from mailing import last
from making import signup_form

from vallum_web.accounts import queries as accounts
from vallum_web.accounts.models import User
from vallum_web.accounts.services import members
from vallum_web.privacy.erasure import purge, queries, services
from vallum_web.privacy.erasure.models import Deletion
from vallum_web.tenancy import clock
from vallum_web.tenancy.scope import looking_back, scope

SURE = {"sure": "on"}


def link_for(address):
    text = last(to=address, kind="deletion").text
    return re.search(r"https?://[^/\s]+(/accounts/\S+)", text).group(1)


def state():
    with looking_back():
        return Deletion.objects.get().state


@pytest.mark.policy("PP-4c", "PP-6c")
def test_a_person_deletes_their_account_and_has_it_back(people, signed_in):
    browser = signed_in(people.bob)
    page = browser.get("/accounts/delete/").content.decode()
    assert "90 days" in page
    assert "signed receipt" in page
    assert browser.post("/accounts/delete/", {}).status_code == 422
    assert "It is hidden now" in browser.post("/accounts/delete/", SURE).content.decode()
    assert browser.get("/accounts/profile/").status_code == 302
    link = link_for(people.bob.email)
    stranger = Client()
    assert "Your account" in stranger.get(link).content.decode()
    assert state() == "pending"  # a scanner that opens the link changes nothing
    wrong = stranger.post(link, {"password": "wrong horse"})
    assert "not the password" in wrong.content.decode()
    assert stranger.post(link, {"password": "correct horse battery"}).url == "/accounts/login/"
    assert state() == "recovered"
    assert User.objects.filter(pk=people.bob.pk).exists()
    assert "opens nothing" in stranger.get(link).content.decode()
    entered = Client().post("/accounts/login/", {"login": people.bob.email, "password": "correct horse battery"})
    assert entered.status_code == 302


def test_who_has_a_second_step_proves_it_too(live_database):
    cache.clear()
    people = making.people()
    browser = Browser()
    browser.sign_in()
    browser.add_app()
    codes = [browser.code()]
    services.ask_for_person(User.objects.get(pk=owner_no_more(people)))
    link = link_for(people.alice.email)
    stranger = Client()
    proof = {"password": "correct horse battery"}
    assert stranger.post(link, proof).status_code == 422
    assert "not right" in stranger.post(link, {**proof, "code": "000000"}).content.decode()
    assert stranger.post(link, {**proof, "code": codes[0]}).status_code == 302
    assert state() == "recovered"


def owner_no_more(people):
    with scope(people.org.pk):
        alice, bob = (accounts.member(people.org, who.pk) for who in (people.alice, people.bob))
    members.transfer(people.org, alice, bob.pk)
    return people.alice.pk


def test_it_can_be_sooner_but_not_at_once(people, signed_in):
    signed_in(people.bob).post("/accounts/delete/", SURE)
    proof = {"password": "correct horse battery", "sooner": "1"}
    assert "hidden now" in Client().post(link_for(people.bob.email), proof).content.decode()
    assert queries.due() == []
    with clock.travelled(timedelta(hours=25)):
        assert len(queries.due()) == 1


def test_the_last_owner_is_told_what_to_hand_over(people, signed_in):
    page = signed_in(people.alice).get("/accounts/delete/").content.decode()
    assert "last owner" in page
    assert "/acme/settings/general/" in page
    assert signed_in(people.alice).post("/accounts/delete/", SURE).status_code == 302
    assert not Deletion.objects.exists()


def test_without_a_fresh_proof_nothing_is_deleted(people, signed_in):
    assert "reauthenticate" in signed_in(people.bob, fresh=False).post("/accounts/delete/", SURE).url
    assert "reauthenticate" in signed_in(people.alice, fresh=False).post("/acme/settings/delete/", SURE).url
    with looking_back():
        assert not Deletion.objects.exists()


@pytest.mark.policy("PP-4c", "PP-6c")
def test_an_owner_deletes_the_organization_and_has_it_back(people, signed_in):
    alice = signed_in(people.alice)
    assert alice.post("/acme/settings/delete/", {**SURE, "slug": "other"}).status_code == 422
    assert alice.post("/acme/settings/delete/", {**SURE, "slug": "acme"}).url == "/"
    assert alice.get("/acme/").status_code == 404
    assert signed_in(people.bob).get("/acme/settings/").status_code == 404
    link = link_for(people.alice.email)
    assert "/accounts/login/" in Client().get(link).url
    assert signed_in(people.bob).get(link).status_code == 404
    assert signed_in(people.charlie).post(link).status_code == 404
    assert "The organization Acme" in alice.get(link).content.decode()
    assert alice.post(link).url == "/acme/"
    assert alice.get("/acme/settings/").status_code == 200


def test_the_address_of_who_is_being_deleted_is_not_taken_by_another(people, signed_in):
    signed_in(people.bob).post("/accounts/delete/", SURE)
    form = signup_form(people.bob.email)
    other = signup_form("new@example.test")
    first, second = (Client().post("/accounts/signup/", values) for values in (form, other))
    assert (first.status_code, first.url) == (second.status_code, second.url)
    assert not User.objects.filter(email=people.bob.email).exists()


@pytest.mark.policy("PP-4c")
def test_the_receipt_opens_without_an_account(people, signed_in):
    signed_in(people.bob).post("/accounts/delete/", SURE)
    with looking_back():
        key = Deletion.objects.get().pk
    purge.purge(key, now=True)
    link = link_for(people.bob.email)
    page = Client().get(link).content.decode()
    assert "accounts.User" in page
    assert people.bob.email not in page
    told = Client().get(f"{link}1.json")
    assert json.loads(told.content)["subject"] == str(people.bob.pk)
    assert Client().get(f"{link}2.json").status_code == 404
    assert Client().get(f"{link[:-3]}aa/").status_code == 404
    assert services.KEPT_FOR.days == 30
