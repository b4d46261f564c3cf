"""The stand-ins that `make run` starts, and the page on which people move their time."""

import json

import pytest
import requests

from dev.fakes import demo, levers
from dev.fakes.loopback import Answer, serving
from dev.fakes.razorpay.money import Method
from dev.fakes.razorpay.subscriptions import authorise, create


@pytest.fixture(autouse=True)
def any_port(monkeypatch):
    """A demo may run on this machine."""
    monkeypatch.setattr(demo, "PORTS", dict.fromkeys(demo.PORTS, 0))


@pytest.fixture
def platform(tmp_path):
    """Where notices are to arrive, and what did."""
    heard = []

    def speak(asked):
        heard.append((asked.path, asked.headers))
        return Answer()

    with serving(speak) as place:
        (tmp_path / "state.json").write_text(json.dumps({"port": place.port}))
        yield heard


def opened(tmp_path):
    return demo.stand_ins(tmp_path, tmp_path / "state.json")


def mandate(world):
    plan = world.add(
        "plan", period="monthly", interval=1, item={"name": "Pro", "amount": 190_000, "currency": "INR"}, notes={}
    )
    sub = create(world, {"plan_id": plan["id"], "total_count": 12})
    customer = world.add("customer", name=None, email="a@acme.test", contact="", gstin=None, notes=[])
    authorise(world, sub, Method.UPI, customer)
    return sub["id"]


def test_a_month_goes_by_and_the_bank_refuses(tmp_path, platform):
    moved = []
    with opened(tmp_path) as (desk, told):
        desk.moved = lambda: moved.append(desk.clock())
        url = (tmp_path / "address").read_text().strip()
        assert told["VALLUM_STAND_INS"] == str(tmp_path)
        sub = mandate(desk.razorpay.world)
        before = desk.clock()
        elsewhere = requests.post(f"{url}clock", {"step": "A day"}, headers={"Origin": "http://evil.test"}, timeout=10)
        assert (elsewhere.status_code, moved) == (404, [])
        assert "The bank refuses from now on" in requests.post(f"{url}clock", {"step": "A day"}, timeout=10).text
        assert "The bank pays again" in requests.post(f"{url}bank", {"subscription": sub}, timeout=10).text
        requests.post(f"{url}clock", {"step": "A month"}, timeout=10)
        assert desk.clock() - before >= 32 * 86_400
        assert float((tmp_path / "clock").read_text()) == 32 * 86_400
        assert len(moved) == 2
        assert desk.razorpay.world.things[sub]["status"] == "pending"
        assert {path for path, _ in platform} == {"/hooks/razorpay/"}
        assert all("x-razorpay-signature" in headers for _, headers in platform)
    with opened(tmp_path) as (desk, _):  # the next run
        assert desk.razorpay.world.things[sub]["status"] == "pending"
        assert desk.clock() - before >= 32 * 86_400


def test_nothing_falls_due_while_the_platform_has_no_port(tmp_path):
    with opened(tmp_path) as (desk, _):
        mandate(desk.razorpay.world)
        desk.advance(levers.HOUR)
        assert desk.razorpay.post.waiting


def test_what_an_operator_set_holds():
    told = {"VALLUM_STRIPE_KEY": "sk_test_fake", "VALLUM_STRIPE_URL": "http://127.0.0.1:1", "VALLUM_EGRESS_ALLOW": "a"}
    own = {"VALLUM_STRIPE_KEY": "sk_test_mine", "VALLUM_EGRESS_ALLOW": "b"}
    assert demo.environment(own, told) == {"VALLUM_STRIPE_KEY": "sk_test_mine", "VALLUM_EGRESS_ALLOW": "b,a"}
