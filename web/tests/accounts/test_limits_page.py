"""The page of an organization's limits: its values, their use, and what they refused."""

import pytest
from django.core.management import call_command
from django.test import Client

from vallum_web.accounts import tokens
from vallum_web.accounts.org.limit_views import bars

PAGE = "/acme/settings/limits/"


def test_it_says_what_holds_and_how_far_it_is_used(people, signed_in):
    call_command("set_limit", "ApiPerToken", "--org", "acme", "--count", "60", "--period", "1m", "--burst", "5")
    _, text = tokens.make(people.org, people.alice, tokens.Wanted(name="ci", role="auditor"))
    machine = Client(headers={"Authorization": f"Bearer {text}"})
    assert [machine.get("/api/v1/findings").status_code for _ in range(8)] == [200] * 5 + [429] * 3
    page = signed_in(people.alice).get(PAGE).content.decode()
    assert "own value" in page
    assert '<meter min="0" max="5" value="5"' in page
    assert page.count("<rect") == 24
    assert "3,000" in page


def test_strangers_and_those_without_a_say_do_not_see_it(people, signed_in):
    assert signed_in(people.charlie).get(PAGE).status_code == 404
    assert signed_in(people.bob).get(PAGE).status_code == 200


@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        pytest.param([], [], id="none"),
        pytest.param([0, 0], [(0, 16, 0), (4, 16, 0)], id="nothing refused"),
        pytest.param([1, 5000], [(0, 15, 1), (4, 0, 16)], id="one among thousands is seen"),
    ],
)
def test_bars(hours, expected):
    assert bars(hours) == expected
