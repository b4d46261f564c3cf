"""Webhooks of a test, and what it asks about them."""

import json

from django.test import Client

from vallum_web.accounts import tokens
from vallum_web.notify import rounds, services
from vallum_web.notify.models import Attempt, Delivery, Occasion, Webhook
from vallum_web.tenancy.scope import scope

PATH = "/in/9f3c"


class Hook:
    """A webhook, and what a test asks about it."""

    def __init__(self, people, url, **more):
        wanted = {"name": "Hook", "url": url, "occasions": tuple(Occasion.values), **more}
        self.org, self.alice = people.org, people.alice.pk
        self.row, self.secret = services.make(self.org, self.alice, services.Wanted(**wanted))
        self.pk = self.row.pk

    def now(self):
        with scope(self.org.pk):
            return Webhook.objects.of(self.org).get(pk=self.pk)

    def test(self):
        return services.test(self.org, self.pk, self.alice)

    def work(self):
        rounds.work(self.org.pk, self.pk)

    def deliveries(self):
        with scope(self.org.pk):
            return list(Delivery.objects.of(self.org).filter(webhook=self.pk).order_by("id"))

    def told(self):
        return [json.loads(row.body) for row in self.deliveries()]

    def attempts(self):
        with scope(self.org.pk):
            return list(Attempt.objects.of(self.org).order_by("id"))


class Machine:
    """A program with a token that may do everything with webhooks, and speaks JSON."""

    def __init__(self, org, person):
        wanted = tokens.Wanted(name="ops", role="security", scopes=["webhooks.read", "webhooks.change"])
        _, text = tokens.make(org, person, wanted)
        self.client = Client(headers={"Authorization": f"Bearer {text}"})

    def __call__(self, method, path, body=None, **query):
        if method == "get":
            return self.client.get(f"/api/v1/{path}", query)
        return getattr(self.client, method)(f"/api/v1/{path}", json.dumps(body or {}), content_type="application/json")
