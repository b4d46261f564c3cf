"""Every address that a stranger may write, and every way to lead a name there: nothing of it is ever connected to.

Names are looked up at a nameserver of our own, redirects come from a web server of our own, and both are reached through
an operator's opening, which must open nothing else.
"""

import ipaddress
import socket
import threading
from dataclasses import replace

import pytest

from dev.fakes import site as sites
from dev.fakes.dns import NO_SUCH_NAME, REFUSED, SERVER_FAILURE, Nameserver, Record, Reply, chain, records
from dev.fakes.hostile import ADDRESSES, METADATA, URLS
from dev.fakes.loopback import Answer
from vallum_guard import addresses, dns, errors, http, urls
from vallum_guard.addresses import Opening
from vallum_guard.http import Limits, Request, Route

EVERYTHING = Opening.parse("0.0.0.0/0:*,[::/0]:*")
PUBLIC, PUBLIC_6 = "93.184.216.34", "2606:4700::1111"
NAME = "named.example"

pytestmark = pytest.mark.asvs("1.3.6")


def rows(table, *, names=None):
    return [pytest.param(value, id=name) for name, value in table.items() if names is None or name in names]


def kind(address):
    return "AAAA" if ":" in address else "A"


@pytest.fixture(scope="module")
def nameserver():
    with Nameserver() as running:
        yield running


@pytest.fixture(scope="module")
def running_site(tmp_path_factory):
    with sites.running(tmp_path_factory.mktemp("site"), NAME, "localhost") as running:
        yield running


@pytest.fixture
def site(running_site):
    running_site.pages.clear()
    running_site.asked.clear()
    return running_site


@pytest.fixture
def heard(monkeypatch):
    """Every place that a socket of this process is connected to."""
    places = []

    class Watched(socket.socket):
        def connect(self, place):
            places.append(place)
            return super().connect(place)

    monkeypatch.setattr(socket, "socket", Watched)
    return places


@pytest.fixture
def route(site, nameserver):
    opening = Opening.parse(site.opening)
    return Route(opening=opening, authorities=site.authority, resolver=dns.resolver([nameserver.place], seconds=2))


def ask(url, route, redirects=3):
    return http.fetch(Request(url=url, purpose="test"), route=route, limits=Limits(redirects=redirects, seconds=5))


def refused(url, route, heard, nameserver, *also):
    """Refused for what it is, and nobody but the nameserver (and those named) was connected to on the way."""
    with pytest.raises((errors.AddressDenied, errors.BadUrl, errors.RedirectRefused)) as refusal:
        ask(url, route)
    assert set(heard) <= {nameserver.place, *also}
    return str(refusal.value)


def test_the_tables_are_as_large_as_they_are_said_to_be():
    assert len(set(URLS.values())) == len(URLS) >= 240
    assert len(set(ADDRESSES.values())) == len(ADDRESSES) >= 100


@pytest.mark.parametrize("url", rows(URLS))
def test_what_a_stranger_writes_is_refused_unread(url, route, heard):
    with pytest.raises((errors.BadUrl, errors.AddressDenied)) as refusal:
        ask(url, route)
    assert not heard
    assert "cr3t" not in str(refusal.value)


@pytest.mark.parametrize("url", rows(URLS))
def test_what_a_stranger_writes_is_refused_when_everything_is_open(url):
    """An opening of all addresses and ports lets plain http, literals and ports through; nothing else changes."""
    try:
        target = urls.parse(url, opening=EVERYTHING)
    except (errors.BadUrl, errors.AddressDenied):
        return
    literal = urls.literal_address(target.host)
    assert target.scheme == "http" or literal is not None or target.port not in addresses.PORTS
    assert literal is None or addresses.never(literal) is None


SENDABLE = {name: url for name, url in URLS.items() if url and not set("\r\n\0") & set(url) and "\ud800" not in url}


@pytest.mark.asvs("15.3.2")
@pytest.mark.parametrize("url", rows(SENDABLE))
def test_a_redirect_leads_to_no_such_place(url, site, route, heard, nameserver):
    """What is relative when read as a redirect stays on the site, and finds nothing there."""
    site.redirect("/start", url.encode().decode("latin-1"))
    try:
        answer = ask(f"{site.url}/start", route)
    except errors.GuardError as error:
        words = str(error)
    else:
        words = ""
        assert (answer.status, answer.url.startswith(site.url)) == (404, True)
    assert "cr3t" not in words
    assert set(heard) <= {nameserver.place, ("127.0.0.1", site.port)}


@pytest.mark.parametrize("address", rows(ADDRESSES))
def test_a_name_leads_to_no_such_address(address, route, heard, nameserver):
    nameserver.publish(NAME, kind(address), address)
    try:
        assert NAME in refused(f"https://{NAME}/", route, heard, nameserver)
    finally:
        nameserver.forget(NAME)


@pytest.mark.parametrize("address", rows(ADDRESSES))
@pytest.mark.parametrize("place", ["first", "last"])
def test_one_bad_answer_among_good_ones_refuses_all(address, place, route, heard, nameserver):
    good = PUBLIC if kind(address) == "A" else PUBLIC_6
    nameserver.publish(NAME, kind(address), *([address, good] if place == "first" else [good, good, address]))
    nameserver.publish(
        NAME, "A" if kind(address) == "AAAA" else "AAAA", PUBLIC if kind(address) == "AAAA" else PUBLIC_6
    )
    try:
        refused(f"https://{NAME}/", route, heard, nameserver)
    finally:
        nameserver.forget(NAME)


@pytest.mark.parametrize("address", rows(ADDRESSES))
def test_aliases_lead_to_no_such_address(address, route, heard, nameserver):
    nameserver.say(NAME, kind(address), chain(NAME, "a.example", "b.example", kind=kind(address), values=(address,)))
    try:
        refused(f"https://{NAME}/", route, heard, nameserver)
    finally:
        nameserver.forget(NAME)


@pytest.mark.parametrize("address", rows(ADDRESSES))
def test_a_redirect_to_a_name_leads_to_no_such_address(address, site, route, heard, nameserver):
    nameserver.publish("there.example", kind(address), address)
    site.redirect("/start", "https://there.example/")
    try:
        words = refused(f"{site.url}/start", route, heard, nameserver, ("127.0.0.1", site.port))
        assert "there.example" in words
        assert len(site.asked) == 1
    finally:
        nameserver.forget("there.example")


@pytest.mark.parametrize("address", rows(ADDRESSES))
def test_a_name_that_moves_after_it_was_judged_gains_nothing(address, site, route, heard, nameserver):
    """The first look-up tells an opened address, the next ones the hostile one: the first is the one connected to."""
    site.pages["/"] = Answer(body=b"hello")
    good, bad = records("A", "127.0.0.1"), records(kind(address), address)
    if kind(address) == "A":
        nameserver.say(NAME, "A", good, bad)
    else:
        nameserver.say(NAME, "A", good, Reply())
        nameserver.say(NAME, "AAAA", Reply(), bad)
    url = f"https://{NAME}:{site.port}/"
    hidden = address == "127.0.0.1"
    try:
        answer = ask(url, route)
        assert (answer.body, answer.address) == (b"hello", "127.0.0.1")
        assert set(heard) == {nameserver.place, ("127.0.0.1", site.port)}
        if not hidden:  # it is the very address that is opened
            refused(url, route, heard, nameserver, ("127.0.0.1", site.port))
    finally:
        nameserver.forget(NAME)


@pytest.mark.parametrize("address", rows(ADDRESSES, names=METADATA))
def test_metadata_stays_closed_when_everything_is_open(address, site, nameserver, heard):
    nameserver.publish(NAME, kind(address), address)
    route = Route(opening=EVERYTHING, resolver=dns.resolver([nameserver.place], seconds=2))
    try:
        assert "stays closed" in refused(f"https://{NAME}/", route, heard, nameserver)
        literal = f"[{address}]" if ":" in address else address
        assert "stays closed" in refused(f"https://{literal}/", route, heard, nameserver)
        site.redirect("/start", f"https://{literal}/")
        opened = replace(route, authorities=site.authority)
        there = ("127.0.0.1", site.port)
        assert "stays closed" in refused(f"{site.url}/start", opened, heard, nameserver, there)
    finally:
        nameserver.forget(NAME)


class TestWhatGitLabLearned:
    """Three holes of another platform's filter, each closed here and kept closed."""

    @pytest.mark.parametrize(
        "reply",
        [
            pytest.param(Reply(rcode=SERVER_FAILURE), id="server failure"),
            pytest.param(Reply(rcode=REFUSED), id="refused"),
            pytest.param(Reply(rcode=NO_SUCH_NAME), id="no such name"),
            pytest.param(Reply(), id="no address"),
            pytest.param(Reply(lost=True), id="no answer"),
            pytest.param(Reply(records=(Record(kind="A", value=PUBLIC),), twist=lambda m: m[:-1]), id="cut short"),
            pytest.param(Reply(truncated=True, twist=lambda m: m[:2] + b"\x83\x80" + m[4:]), id="truncated for ever"),
        ],
    )
    def test_63959_a_failed_look_up_does_not_skip_the_check(self, reply, nameserver, heard):
        nameserver.say(NAME, "A", reply)
        route = Route(resolver=dns.resolver([nameserver.place], seconds=0.5))
        try:
            with pytest.raises((errors.Unresolvable, errors.TooSlow)):
                ask(f"https://{NAME}/", route)
        finally:
            nameserver.forget(NAME)
        assert set(heard) <= {nameserver.place}

    def test_63959_half_a_failed_look_up_does_not_skip_the_check(self, nameserver, heard):
        nameserver.publish(NAME, "A", PUBLIC)
        nameserver.say(NAME, "AAAA", Reply(rcode=SERVER_FAILURE))
        route = Route(resolver=dns.resolver([nameserver.place], seconds=0.5))
        try:
            with pytest.raises(errors.Unresolvable):
                ask(f"https://{NAME}/", route)
        finally:
            nameserver.forget(NAME)
        assert set(heard) <= {nameserver.place}

    def test_293733_an_opened_address_does_not_open_its_name(self, site, route, nameserver, heard):
        """The name has led to an opened address; when it leads elsewhere, it is judged like any other."""
        site.pages["/"] = Answer(body=b"hello")
        nameserver.say(NAME, "A", records("A", "127.0.0.1"), records("A", "127.0.0.1", "127.0.0.2"))
        url = f"https://{NAME}:{site.port}/"
        try:
            assert ask(url, route).body == b"hello"
            assert "127.0.0.2" in refused(url, route, heard, nameserver, ("127.0.0.1", site.port))
        finally:
            nameserver.forget(NAME)

    def test_293733_an_opened_address_opens_one_port(self, site, route, nameserver, heard):
        nameserver.publish(NAME, "A", "127.0.0.1")
        try:
            refused(f"https://{NAME}/", route, heard, nameserver)
        finally:
            nameserver.forget(NAME)

    @pytest.mark.parametrize("opening", ["169.254.0.0/16:*", "169.254.169.254:443", "0.0.0.0/0:*", "10.0.0.0/8:443"])
    def test_628701_opening_private_addresses_does_not_open_metadata(self, opening, nameserver, heard):
        nameserver.publish(NAME, "A", "169.254.169.254")
        route = Route(opening=Opening.parse(opening), resolver=dns.resolver([nameserver.place], seconds=2))
        try:
            assert "stays closed" in refused(f"https://{NAME}/", route, heard, nameserver)
        finally:
            nameserver.forget(NAME)


class TestOwnAddresses:
    """What comes back to the platform by its public address would come from a trusted neighbour."""

    @pytest.mark.parametrize("address", [PUBLIC, PUBLIC_6, f"64:ff9b::{PUBLIC}"])
    def test_a_named_public_address_is_ours(self, address, nameserver, heard):
        nameserver.publish(NAME, kind(address), address)
        own = (ipaddress.ip_network(f"{PUBLIC}/32"), ipaddress.ip_network("2606:4700::/32"))
        route = Route(own=own, resolver=dns.resolver([nameserver.place], seconds=2))
        try:
            assert "very machine" in refused(f"https://{NAME}/", route, heard, nameserver)
        finally:
            nameserver.forget(NAME)


class TestTheOperatorsProxy:
    """It looks names up by itself, so names known to lead astray do not get that far."""

    @pytest.mark.parametrize(
        "host", ["localhost", "a.localhost", "LOCALHOST.", "ip6-localhost", "metadata.google.internal", "instance-data"]
    )
    def test_names_of_the_proxys_own_place_are_refused(self, host, heard):
        with pytest.raises(errors.AddressDenied, match="proxy's own"):
            ask(f"https://{host}/", Route(proxy="http://127.0.0.1:9"))
        assert not heard

    def test_plain_http_is_not_asked_of_it_because_some_port_is_open(self, heard):
        route = Route(proxy="http://127.0.0.1:9", opening=Opening.parse("10.0.0.5:80"))
        with pytest.raises(errors.BadUrl, match="not encrypted"):
            ask("http://public.example/", route)
        assert not heard


def test_a_redirect_may_not_come_back_more_often_than_three_times(site, route):
    site.redirect("/again", f"{site.url}/again")
    with pytest.raises(errors.RedirectRefused, match="more than 3"):
        ask(f"{site.url}/again", route, redirects=100)
    assert len(site.asked) == 4


def test_what_proves_who_asks_goes_to_nobody_else(site, route, nameserver):
    nameserver.publish(NAME, "A", "127.0.0.1")
    site.pages["/end"] = Answer()
    site.redirect("/start", f"https://{NAME}:{site.port}/end")
    secrets = dict.fromkeys(("Authorization", "Cookie", "X-Api-Key", "Private-Token", "X-Anything"), "s3cr3t")
    request = Request(url=f"{site.url}/start", purpose="test", headers={**secrets, "Accept": "text/html"})
    http.fetch(request, route=route, limits=Limits(redirects=3))
    first, second = site.asked
    assert {"Authorization", "Private-Token"} <= set(first.headers)
    assert "s3cr3t" not in str(second.headers)
    assert second.headers["Accept"] == "text/html"
    nameserver.forget(NAME)


def test_the_peer_is_looked_at_after_the_connection(monkeypatch, site, route, nameserver):
    """A rule of the machine's own network that sends the connection elsewhere is noticed."""
    monkeypatch.setattr(socket.socket, "getpeername", lambda self: ("10.0.0.1", site.port))
    with pytest.raises(errors.AddressDenied, match=r"connected to 10\.0\.0\.1"):
        ask(f"{site.url}/", route)
    assert not site.asked


def test_many_at_once_see_one_answer_each(site, route, nameserver):
    """Sixteen threads while the name flips at every look-up: each connects to what it judged, or is refused."""
    site.pages["/"] = Answer(body=b"hello")
    nameserver.say(NAME, "A", *[records("A", "127.0.0.1" if n % 2 else "10.0.0.1") for n in range(64)])
    seen = []

    def one():
        for _ in range(4):
            try:
                seen.append(ask(f"https://{NAME}:{site.port}/", route).address)
            except errors.AddressDenied as error:
                seen.append("10.0.0.1" if "10.0.0.1" in str(error) else str(error))

    threads = [threading.Thread(target=one) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    nameserver.forget(NAME)
    assert (seen.count("127.0.0.1"), seen.count("10.0.0.1")) == (32, 32)
