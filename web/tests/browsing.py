"""A browser of somebody who knows their password and, once set up, has an app with codes."""

import re

from allauth.mfa.totp.internal import auth as totp
from django.test import Client

PASSWORD = "correct horse battery"
SECRET = re.compile(r'<code id="secret">([A-Z2-7]+)')
CODES = re.compile(r"\b\d{5}-\d{5}\b")
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


class Browser(Client):
    """A browser of one person, who knows their password and, once set up, has an app."""

    def __init__(self, email="alice@example.test", **more):
        super().__init__(headers={"User-Agent": FIREFOX}, **more)
        self.email = email
        self.secret = ""

    @property
    def key(self):
        return self.cookies["session"].value

    def sign_in(self, password=PASSWORD):
        self.get("/accounts/login/")
        return self.post("/accounts/login/", {"login": self.email, "password": password})

    def code(self, step=0):
        """What the app shows now, or showed or will show `step` half minutes later."""
        now = sorted(totp.yield_hotp_counters_from_time())[1]
        return totp.format_hotp_value(totp.hotp_value(self.secret, now + step))

    def add_app(self, step=-1):
        """Set an app up, with a code of a moment ago: those of now and later are left for the test."""
        self.secret = SECRET.search(self.get("/accounts/2fa/totp/activate/").content.decode())[1]
        return self.post("/accounts/2fa/totp/activate/", {"code": self.code(step)})

    def recovery_codes(self):
        return CODES.findall(self.get("/accounts/2fa/recovery-codes/").content.decode())


def with_app_of(other, **more):
    """Another browser of the same person, before signing in."""
    browser = Browser(other.email, **more)
    browser.secret = other.secret
    return browser
