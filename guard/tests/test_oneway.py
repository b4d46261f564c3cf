"""What is handed to a listener that answers nothing: whole, to whom it is for, or it is said that it was not."""

import pytest

from dev.fakes.syslog import receiving
from vallum_guard import errors, oneway, urls
from vallum_guard.addresses import Opening
from vallum_guard.http import Route

MESSAGE = b"<110>1 2026-11-26T19:23:20Z here vallum - test - \xef\xbb\xbfHello"
FRAME = b"%d %s" % (len(MESSAGE), MESSAGE)


class Sender:
    """Sends to a receiver, and keeps what left."""

    def __init__(self, receiver):
        self.left = []
        opening = Opening.parse(receiver.opening)
        self.target = urls.service(receiver.place, port=oneway.SYSLOG_PORT, opening=opening)
        self.route = Route(opening=opening, authorities=receiver.authority, ledger=self.left.append)

    def __call__(self, data=FRAME):
        return oneway.deliver(data, self.target, purpose="test", route=self.route, seconds=5)


@pytest.fixture
def receiver(tmp_path):
    with receiving(tmp_path) as receiver:
        yield receiver


def test_all_is_read_before_they_part_and_the_departure_is_recorded(receiver):
    send = Sender(receiver)
    assert send(FRAME * 2000) is True
    assert (len(receiver.taken), receiver.faults) == (2000, [])
    assert receiver.taken[0].text == "Hello"
    [left] = send.left
    assert (left.party_host, left.purpose, left.ok, left.sent_bytes) == ("127.0.0.1", "test", True, len(FRAME) * 2000)


def test_who_hangs_up_after_reading_says_no_more_and_who_does_before_did_not_take_it(receiver):
    send = Sender(receiver)
    receiver.closes = False
    assert send() is False
    assert len(receiver.taken) == 1
    receiver.deaf = True
    with pytest.raises(errors.TransportFailed):
        send(FRAME * 100_000)
    with pytest.raises(errors.TransportFailed):
        send()
    assert [left.ok for left in send.left] == [True, False, False]


def test_a_certificate_of_somebody_else_ends_it_before_anything_is_sent(receiver, tmp_path):
    folder = tmp_path / "other"
    folder.mkdir()
    send = Sender(receiver)
    with receiving(folder) as other:
        send.route = Sender(other).route
        send.route = Route(opening=Opening.parse(receiver.opening), authorities=other.authority)
        with pytest.raises(errors.TransportFailed, match="not trusted"):
            send()
    assert receiver.taken == []


def test_a_receiver_that_wants_a_certificate_of_ours_took_nothing(tmp_path):
    with receiving(tmp_path, wants_certificate=True) as receiver:
        with pytest.raises(errors.TransportFailed):
            Sender(receiver)()
        assert receiver.taken == []


@pytest.mark.parametrize(
    ("text", "authority"),
    [("logs.example.com", "logs.example.com:6514"), ("Logs.Example.com:6514", "logs.example.com:6514")],
)
def test_a_place_is_a_host_with_its_port(text, authority):
    assert urls.service(text, port=6514, opening=oneway.opened(Opening())).authority == authority


@pytest.mark.parametrize(
    "text",
    [
        "https://logs.example.com",
        "logs.example.com:443",
        "logs.example.com:22",
        "user@logs.example.com",
        "127.0.0.1:6514",
        "10.0.0.7",
        "169.254.169.254:6514",
        "[::1]:6514",
        "logs.example.com:6514/x",
        "logs example.com",
        "",
        ":6514",
        "x" * 300,
    ],
)
def test_any_other_place_is_refused(text):
    with pytest.raises(errors.GuardError):
        urls.service(text, port=6514, opening=oneway.opened(Opening()))


def test_https_does_not_go_to_the_port_of_syslog():
    with pytest.raises(errors.BadUrl, match="6514"):
        urls.parse("https://logs.example.com:6514/")
