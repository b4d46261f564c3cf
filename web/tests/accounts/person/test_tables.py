"""The pure decisions: how long a session lives, what counts as a proof, what a browser is called, where passkeys work."""

from datetime import UTC, datetime, timedelta

import pytest

from vallum_web.accounts.person import passkeys, stepup
from vallum_web.accounts.person.devices import read
from vallum_web.accounts.person.lifetime import Life, Standing

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
SECOND, MINUTE, HOUR, DAY = (timedelta(seconds=n) for n in (1, 60, 3600, 86_400))


@pytest.mark.asvs("7.3.1", "7.3.2")
@pytest.mark.parametrize(
    ("age", "unused", "standing"),
    [
        pytest.param(SECOND, SECOND, Standing.GOES_ON, id="a moment old"),
        pytest.param(HOUR, MINUTE - SECOND, Standing.GOES_ON, id="used within the minute: no write"),
        pytest.param(HOUR, MINUTE, Standing.TO_NOTE, id="used a minute ago"),
        pytest.param(DAY, 12 * HOUR - SECOND, Standing.TO_NOTE, id="just not twelve hours unused"),
        pytest.param(DAY, 12 * HOUR, Standing.IDLE, id="twelve hours unused"),
        pytest.param(7 * DAY - SECOND, SECOND, Standing.GOES_ON, id="just not seven days old"),
        pytest.param(7 * DAY, SECOND, Standing.OLD, id="seven days old, however busy"),
        pytest.param(8 * DAY, DAY, Standing.OLD, id="both"),
        pytest.param(-MINUTE, -MINUTE, Standing.GOES_ON, id="a clock that was set back"),
    ],
)
def test_how_long_a_session_lives(age, unused, standing):
    assert Life(began=NOON - age, seen=NOON - unused).at(NOON) is standing


def proof(method, at, **more):
    return {"method": method, "at": at, **more}


@pytest.mark.parametrize(
    ("proofs", "has_second", "fresh"),
    [
        pytest.param([], False, False, id="none"),
        pytest.param([proof("password", 1000 - 599)], False, True, id="the password, just within"),
        pytest.param([proof("password", 1000 - 600)], False, False, id="the password, ten minutes ago"),
        pytest.param([proof("password", 0), proof("password", 990)], False, True, id="an old and a young one"),
        pytest.param([proof("sso", 990)], False, False, id="an identity provider's word, which may not have asked"),
        pytest.param([proof("password_reset", 990)], False, False, id="a link by mail"),
        pytest.param([proof("code", 990)], False, False, id="a code by mail"),
        pytest.param([proof("password", 990)], True, False, id="a password where there is a second factor"),
        pytest.param([proof("mfa", 990)], True, True, id="the second factor"),
        pytest.param([proof("mfa", 300), proof("password", 990)], True, False, id="an old second factor"),
        pytest.param([proof("mfa", 5000)], True, False, id="one of the future"),
        pytest.param([{"method": "mfa"}], True, False, id="one without a time"),
    ],
)
def test_what_counts_as_a_fresh_proof(proofs, has_second, fresh):
    assert stepup.is_fresh(proofs, now=1000, within=600, has_second=has_second) is fresh


WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
SAFARI = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
ON_WINDOWS = f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/142.0.0.0 Safari/537.36"
ON_IPHONE = f"Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) {SAFARI}"


@pytest.mark.policy("PP-1.3c")
@pytest.mark.parametrize(
    ("agent", "words", "kind"),
    [
        (ON_WINDOWS, "Chrome 142 on Windows", "computer"),
        (f"{ON_WINDOWS} Edg/142.0.0.0", "Edge 142 on Windows", "computer"),
        (f"Mozilla/5.0 (X11; Linux x86_64) {WEBKIT} Chrome/142.0.0.0 Safari/537.36 OPR/127.0.0.0", "Opera 127 on Linux", "computer"),
        (f"Mozilla/5.0 (X11; Linux x86_64) {WEBKIT} HeadlessChrome/142.0.0.0 Safari/537.36", "Chrome 142 on Linux", "computer"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox 140 on Linux", "computer"),
        (f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {SAFARI} Version/18.6 Safari/605.1.15", "Safari 18 on macOS", "computer"),
        (f"{ON_IPHONE} Version/18.6 Mobile/15E148 Safari/604.1", "Safari 18 on iOS", "phone"),
        (f"{ON_IPHONE} CriOS/142.0.0.0 Mobile/15E148 Safari/604.1", "Chrome 142 on iOS", "phone"),
        (f"Mozilla/5.0 (iPad; CPU OS 16_6 like Mac OS X) {SAFARI} FxiOS/140.0 Mobile/15E148", "Firefox 140 on iPadOS", "tablet"),
        (f"Mozilla/5.0 (Linux; Android 15; Pixel 9) {WEBKIT} Chrome/142.0.0.0 Mobile Safari/537.36", "Chrome 142 on Android", "phone"),
        (f"Mozilla/5.0 (Linux; Android 14; SM-X910) {WEBKIT} SamsungBrowser/28.0 Chrome/130.0", "Samsung Internet 28 on Android", "tablet"),
        (f"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {WEBKIT} Chrome/142.0.0.0 Safari/537.36", "Chrome 142 on ChromeOS", "computer"),
        ("curl/8.5.0", "curl 8", "program"),
        ("python-requests/2.32.3", "python-requests 2", "program"),
        ("Mozilla/5.0 (Windows NT 10.0; WOW64; Trident/7.0; rv:11.0) like Gecko", "An unknown browser on Windows", "computer"),
        ("evil.example/1 click here", "An unknown browser", "computer"),
        (f"Mozilla/5.0 {WEBKIT} (compatible; Googlebot/2.1; +http://search.example/bot.html) Chrome/142.0.0.0", "A bot", "bot"),
        ("AhrefsBot/7.0", "A bot", "bot"),
        (f"Mozilla/5.0 (Linux; Android 12; CUBOT NOTE) {WEBKIT} Chrome/142.0.0.0 Mobile Safari/537.36", "Chrome 142 on Android", "phone"),
        ("", "An unknown browser", "computer"),
        ("\x00<script>" * 50, "An unknown browser", "computer"),
    ],
)  # fmt: skip
def test_what_a_browser_is_called(agent, words, kind):
    assert (str(read(agent)), read(agent).kind) == (words, kind)


@pytest.mark.parametrize(
    ("asked", "public", "possible", "instead"),
    [
        pytest.param("https://v.example.test", "https://v.example.test", True, "", id="the installation's name"),
        pytest.param("https://v.example.test:8443", "https://v.example.test:8443", True, "", id="with a port"),
        pytest.param("http://localhost:8000", "http://127.0.0.1:8000", True, "", id="this machine, by name"),
        pytest.param("http://127.0.0.1:8000", "http://127.0.0.1:8000", False, "http://localhost:8000", id="this machine, by address"),
        pytest.param("http://[::1]:8000", "http://127.0.0.1:8000", False, "http://localhost:8000", id="its other address"),
        pytest.param("https://10.0.0.5", "https://10.0.0.5", False, "", id="an address of a network: no name at all"),
        pytest.param("https://10.0.0.5", "https://v.example.test", False, "https://v.example.test", id="an address beside the name"),
        pytest.param("http://v.example.test", "http://v.example.test", False, "", id="a name without TLS"),
        pytest.param("https://evil.example", "https://v.example.test", False, "https://v.example.test", id="another name"),
    ],
)  # fmt: skip
def test_where_passkeys_are_possible(asked, public, possible, instead):
    assert passkeys.here(asked, public) == passkeys.Here(possible=possible, instead=instead)
