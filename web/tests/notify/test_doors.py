"""The pages and the API of webhooks: the same by either, and no secret by any."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hooking import PATH, Hook

from vallum_web.notify.models import Webhook
from vallum_web.tenancy.audit.models import Entry
from vallum_web.tenancy.scope import scope

pytestmark = pytest.mark.django_db
HOOKS = "/acme/settings/webhooks/"
FORM = {
    "name": "Hook",
    "shape": "webhook",
    "occasions": ["finding.opened", "gate.failed"],
    "severity": "3",
    "kinds": ["secret"],
}
REFUSED = {
    "private": ("https://10.1.2.3/in", "10.1.2.3"),
    "loopback": ("https://127.0.0.1/in", "127.0.0.1"),
    "a name of this machine": ("https://localhost/in", "localhost"),
    "metadata": ("https://169.254.169.254/latest", "169.254.169.254"),
    "mapped": ("https://[::ffff:10.0.0.1]/in", "10.0.0.1"),
    "not encrypted": ("http://hooks.example.test/in", "https://"),
    "a password inside": ("https://me:pw@hooks.example.test/", "user name or password"),
    "another port": ("https://hooks.example.test:22/", "22"),
}


@pytest.mark.parametrize(("url", "says"), REFUSED.values(), ids=REFUSED)
def test_where_nothing_would_be_sent_is_refused_at_saving(url, says, people, signed_in, machine):
    page = signed_in(people.alice).post(f"{HOOKS}new/", {**FORM, "url": url})
    assert page.status_code == 422
    assert says in page.content.decode()
    answer = machine("post", "webhooks", {"name": "n", "url": url, "occasions": ["scan.failed"]})
    assert answer.status_code == 422
    assert says in answer.json()["detail"]
    with scope(people.org.pk):
        assert not Webhook.objects.of(people.org).exists()


def test_a_webhook_is_made_changed_tested_and_deleted_on_the_pages(people, receiver, signed_in):
    browser = signed_in(people.alice)
    page = browser.post(f"{HOOKS}new/", {**FORM, "url": f"{receiver.url}{PATH}"}).content.decode()
    assert "whsec_" in page
    with scope(people.org.pk):
        made = Webhook.objects.of(people.org).get()
    here = f"{HOOKS}{made.pk}/"
    page = browser.get(here).content.decode()
    assert "whsec_" not in page
    assert PATH not in page
    assert "Findings opened, Gate failed" in page
    assert "of high severity or worse, of kind secret" in page
    assert "127.0.0.1" in browser.get(HOOKS).content.decode()
    taken = browser.post(f"{HOOKS}new/", {**FORM, "url": f"{receiver.url}{PATH}"})
    assert (taken.status_code, "choose another name" in taken.content.decode()) == (422, True)
    assert PATH not in browser.get(f"{here}edit/").content.decode()
    assert browser.post(f"{here}edit/", {**FORM, "name": "Other", "url": ""}).status_code == 302
    assert browser.post(f"{here}test/").status_code == 302
    assert "whsec_" in browser.post(f"{here}secret/").content.decode()
    assert browser.post(f"{here}switch/", {"switch": "off"}).status_code == 302
    page = browser.post(f"{here}test/", follow=True).content.decode()
    assert "switch it on first" in page
    assert browser.post(f"{here}switch/", {"switch": "maybe"}).status_code == 400
    assert browser.post(f"{here}delete/").status_code == 302
    with scope(people.org.pk):
        assert not Webhook.objects.of(people.org).exists()
        kinds = Entry.objects.of(people.org).filter(subject=made.pk).order_by("seq").values_list("kind", flat=True)
        assert list(kinds) == [
            "webhook.made",
            "webhook.changed",
            "webhook.tested",
            "webhook.rotated",
            "webhook.switched",
            "webhook.deleted",
        ]


def test_the_api_does_the_same(people, receiver, machine):
    body = {"name": "Hook", "url": f"{receiver.url}{PATH}", "occasions": ["finding.opened"], "severity": "high"}
    made = machine("post", "webhooks", {**body, "kinds": ["secret"], "importance": "normal"})
    assert made.status_code == 201
    told = made.json()
    assert told["secret"].startswith("whsec_")
    assert (told["severity"], told["importance"], told["host"]) == ("high", "normal", f"127.0.0.1:{receiver.port}")
    here = f"webhooks/{told['id']}"
    assert machine("post", "webhooks", body).status_code == 409
    read = machine("get", here).json()
    assert PATH not in json.dumps(read)
    assert "secret" not in read
    assert machine("get", "webhooks").json()["items"] == [read]
    del body["url"]
    changed = machine("put", here, {**body, "occasions": ["scan.failed"]}).json()
    assert (changed["occasions"], changed["kinds"], changed["host"]) == (["scan.failed"], [], read["host"])
    fresh = machine("post", f"{here}/secret").json()
    assert fresh["secret"] not in {"", told["secret"]}
    sent = machine("post", f"{here}/test")
    assert sent.status_code == 202
    message = sent.json()
    assert (message["status"], message["message"][:4]) == ("waiting", "msg_")
    [listed] = machine("get", "webhook-deliveries", webhook=told["id"]).json()["items"]
    assert listed["id"] == message["id"]
    one = machine("get", f"webhook-deliveries/{message['id']}").json()
    assert (one["payload"]["type"], one["attempts"]) == ("test", [])
    assert machine("post", f"webhook-deliveries/{message['id']}/again").status_code == 202
    assert machine("put", f"{here}/switch", {"on": False}).json()["on"] is False
    assert machine("post", f"{here}/test").status_code == 422
    assert machine("delete", here).status_code == 204
    assert machine("get", here).status_code == 404


def test_a_developer_sees_none_of_it(people, hook, signed_in):
    browser = signed_in(people.bob)
    assert browser.get(HOOKS).status_code == 403
    assert browser.post(f"{HOOKS}{hook.pk}/test/").status_code == 403


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(f"{HOOKS}{{hook}}/", id="the log"),
        pytest.param(HOOKS, id="webhooks"),
        pytest.param("/api/v1/webhook-deliveries", id="the log over the API"),
        pytest.param("/api/v1/webhooks", id="webhooks over the API"),
    ],
)
def test_a_list_asks_as_much_for_many_as_for_one(path, people, receiver, hook, signed_in, machine):
    here = path.format(hook=hook.pk)
    browser = machine.client if here.startswith("/api/") else signed_in(people.alice)

    def asked():
        with CaptureQueriesContext(connection) as context:
            assert browser.get(here).status_code == 200
        return len(context)

    hook.test()
    hook.work()
    asked()  # what is asked once in a process is asked here
    one = asked()
    for number in range(4):
        Hook(people, f"{receiver.url}{PATH}", name=f"Another {number}").test()
        hook.test()
        hook.work()
    assert asked() == one
