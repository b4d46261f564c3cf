"""Every page that there is, in a real browser: two cookies, nothing stored, nothing from elsewhere, no complaint.

Addresses come from the resolver, so a new page is visited by being there. Its parameters are those of one of everything.
With VALLUM_SHOTS=FOLDER each page is kept there as a picture.
"""

import looking
import making
import pytest
from django.test import Client
from test_strangers import ALL, filled, one_of_everything

from vallum_web.accounts.services import staff

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.policy("PP-7a", "PP-7b")]

# Doors that are no pages: programs come there.
NO_PAGES = ("api/", "scim/", "static/", "hooks/", "healthz", "readyz", "security/leaked-token/", ".well-known/")
OURS = {"session", "csrf"}
STORED = "[localStorage.length, sessionStorage.length, document.cookie, document.querySelectorAll('iframe, object, embed').length]"
PAGES = [route for route in ALL if not route.startswith(NO_PAGES)]


class Visitor:
    """A browser that goes from page to page, and all that was seen of them."""

    def __init__(self, chromium, site, asked):
        self.site, self.asked = site, asked
        self.context = chromium.new_context(base_url=site)
        if "session" in asked.cookies:
            self.context.add_cookies(
                [{"name": "session", "value": asked.cookies["session"].value, "url": site, "httpOnly": True}]
            )
        self.window = self.context.new_page()
        self.said, self.problems, self.shown = [], [], 0
        self.window.on("console", self._complained)
        self.window.on("pageerror", lambda error: self.said.append(str(error)))
        self.window.on("request", self._asked)

    def _complained(self, line):
        # A fragment alone has no head that names the icon, so the browser asks for one where there is none.
        if line.type == "error" and not line.location["url"].endswith("/favicon.ico"):
            self.said.append(f"{line.text} {line.location['url']}")

    def _asked(self, request):
        if not request.url.startswith((f"{self.site}/", "data:")):
            self.problems.append(("asked elsewhere", request.url))

    def visit(self, path):
        """Only what is a page: forms that are sent, files and ways on to other pages are asked for without the browser."""
        found = self.asked.get(path)
        if found.status_code >= 500:
            self.problems.append((path, found.status_code))
        if found.status_code != 200 or not found["Content-Type"].startswith("text/html"):
            return
        self.said.clear()
        answer = self.window.goto(path)
        stored = self.window.evaluate(STORED)
        if answer.status != 200 or stored != [0, 0, "", 0] or self.said:
            self.problems.append((path, answer.status, stored, *self.said))
        if strange := self.cookies() - OURS:
            self.problems.append((path, strange))
        self.shown += 1
        self._picture(path)

    def _picture(self, path):
        for view in looking.VIEWS if looking.SHOTS else ():
            looking.put(self.window, *view)
            looking.picture(self.window, "-".join([path.strip("/").replace("/", "_")[:80], *map(str, view)]))

    def cookies(self):
        return {cookie["name"] for cookie in self.context.cookies()}


def test_two_cookies_and_nothing_else_on_every_page(chromium, site, signed_in, settings):
    settings.ALLOWED_HOSTS = ["127.0.0.1", "testserver"]
    people = making.people()
    olga = making.person("olga@example.test", name="Olga")
    staff.add_operator(olga)
    values = one_of_everything(people)
    owner, operator, nobody = (
        Visitor(chromium, site, asked) for asked in (signed_in(people.alice), signed_in(olga), Client())
    )
    for route in PAGES:
        path = filled(route, values)
        if route.startswith("operator/"):
            operator.visit(path)
            continue
        owner.visit(path)
        if "<slug:org>" not in route and "<str:org>" not in route:
            nobody.visit(path)
    assert [*owner.problems, *operator.problems, *nobody.problems] == []
    assert owner.cookies() == operator.cookies() == OURS
    assert nobody.cookies() <= OURS
    shown = [each.shown for each in (owner, operator, nobody)]
    assert all(count > least for count, least in zip(shown, (80, 3, 12), strict=True)), shown
    for each in (owner, operator, nobody):
        each.context.close()
