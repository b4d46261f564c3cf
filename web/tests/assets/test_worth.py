"""What an asset is worth and who can reach it: said on its page and over the API, by those who may, and written down."""

import json
from typing import get_args

import pytest
from django.test import Client

from vallum_web.accounts import tokens
from vallum_web.accounts.models import Membership
from vallum_web.assets import api, services
from vallum_web.assets.models import Asset
from vallum_web.assets.worth import Exposure, Importance
from vallum_web.tenancy.audit.models import Entry
from vallum_web.tenancy.models import Event
from vallum_web.tenancy.scope import scope


@pytest.fixture
def shop(people):
    return services.add(people.org, Asset.Kind.REPOSITORY, "shop", people.alice.pk)


@pytest.fixture
def machine(people):
    def make(role=Membership.Role.SECURITY):
        _, text = tokens.make(people.org, people.alice, tokens.Wanted(name="ci", role=role))
        return Client(headers={"Authorization": f"Bearer {text}"})

    return make


def now(asset):
    with scope(asset.org_id):
        row = Asset.objects.of(asset.org_id).get(pk=asset.pk)
        return Importance(row.importance).word, Exposure(row.exposure).word


def events(asset):
    with scope(asset.org_id):
        return [
            (event.actor, event.data)
            for event in Event.objects.of(asset.org_id).filter(kind="asset.changed", subject=asset.pk)
        ]


def patch(client, asset, body):
    return client.patch(f"/api/v1/assets/{asset.pk}", json.dumps(body), content_type="application/json")


def test_a_new_asset_is_of_normal_importance_and_nobody_knows_who_reaches_it(shop, machine):
    assert now(shop) == ("normal", "unknown")
    told = machine().get(f"/api/v1/assets/{shop.pk}").json()
    assert (told["importance"], told["exposure"]) == ("normal", "unknown")


def test_the_page_offers_both_and_says_what_holds(shop, people, signed_in):
    browser = signed_in(people.alice)
    page = f"/acme/assets/{shop.pk}/"
    answer = browser.post(f"{page}worth/", {"importance": "high", "exposure": "internet"})
    assert answer["Location"] == page
    assert now(shop) == ("high", "internet")
    text = browser.get(page).content.decode()
    assert "<span>high importance</span><span>exposure internet</span>" in text
    assert "<option selected>high</option>" in text
    assert "<option selected>internet</option>" in text


def test_a_change_is_one_event_and_one_entry_of_the_audit_log(shop, people, signed_in):
    signed_in(people.alice).post(f"/acme/assets/{shop.pk}/worth/", {"importance": "critical", "exposure": "unknown"})
    assert events(shop) == [(people.alice.pk, {"importance": "critical", "importance_was": "normal"})]
    with scope(people.org.pk):
        entry = Entry.objects.of(people.org).get(kind="asset.changed")
        assert (entry.actor, entry.subject) == (people.alice.pk, shop.pk)
        assert json.loads(entry.facts)["importance"] == "critical"


def test_saying_what_holds_already_changes_nothing(shop, people):
    services.change(people.org, shop.pk, people.alice.pk, importance=Importance.NORMAL, exposure=None)
    assert events(shop) == []


def test_what_the_lists_do_not_offer_is_refused(shop, people, signed_in):
    browser = signed_in(people.alice)
    answer = browser.post(f"/acme/assets/{shop.pk}/worth/", {"importance": "huge", "exposure": "internet"}, follow=True)
    assert "Nothing was changed" in answer.content.decode()
    assert now(shop) == ("normal", "unknown")


def test_who_may_only_look_is_offered_nothing(shop, people, signed_in):
    browser = signed_in(people.bob)
    assert "/worth/" not in browser.get(f"/acme/assets/{shop.pk}/").content.decode()
    assert browser.post(f"/acme/assets/{shop.pk}/worth/", {"importance": "low"}).status_code == 403


def test_the_api_changes_one_and_leaves_the_other(shop, people, machine):
    answer = patch(machine(), shop, {"exposure": "internal"})
    assert (answer.status_code, answer.json()["importance"], answer.json()["exposure"]) == (200, "normal", "internal")
    assert patch(machine(), shop, {}).status_code == 200
    assert now(shop) == ("normal", "internal")
    assert [data for _, data in events(shop)] == [{"exposure": "internal", "exposure_was": "unknown"}]


@pytest.mark.parametrize(
    "body", [{"importance": "huge"}, {"importance": 3}, {"exposure": "INTERNET"}, {"name": "x"}, []]
)
def test_the_api_takes_words_of_its_own_alone(body, shop, machine):
    assert patch(machine(), shop, body).status_code == 422
    assert now(shop) == ("normal", "unknown")


def test_the_words_of_the_api_are_all_there_are():
    fields = api.AssetIn.model_fields
    for name, ranks in (("importance", Importance), ("exposure", Exposure)):
        words, _none = get_args(fields[name].annotation)
        assert set(get_args(words)) == {rank.word for rank in ranks}
