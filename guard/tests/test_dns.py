"""Our own questions to the domain name system, asked of a nameserver that answers as it is told."""

import struct
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dev.fakes.dns import NO_SUCH_NAME, REFUSED, SERVER_FAILURE, Nameserver, Record, Reply, chain, records
from vallum_guard import dns, errors


@pytest.fixture
def server():
    with Nameserver() as nameserver:
        yield nameserver


def ask(server, name, seconds=3.0):
    return dns.txt(name, servers=[server.place], seconds=seconds)


def kinds(server):
    return [f"{each.kind} {each.by}" for each in server.asked]


def wrong_number(message):
    return struct.pack("!H", struct.unpack("!H", message[:2])[0] ^ 1) + message[2:]


TEXTS = [
    pytest.param(records("TXT", "token=1"), ("token=1",), id="one"),
    pytest.param(records("TXT", "b", "a", "b"), ("a", "b"), id="several, sorted, once each"),
    pytest.param(records("TXT", "x" * 700), ("x" * 700,), id="long: comes over TCP, pieces joined"),
    pytest.param(records("TXT", ""), ("",), id="empty text"),
    pytest.param(Reply(), (), id="no text"),
    pytest.param(Reply(rcode=NO_SUCH_NAME), (), id="no such name"),
    pytest.param(chain("x.example", "y.example", kind="TXT", values=("there",)), ("there",), id="alias"),
    pytest.param(
        Reply(records=(Record(kind="TXT", value="poison", owner="other.example"),)), (), id="about another name"
    ),
    pytest.param(Reply(records=(Record(kind="A", value="1.2.3.4"),)), (), id="of another kind"),
    pytest.param(Reply(records=(Record(kind="TXT", value="t"),), truncated=True), ("t",), id="truncated: asked by TCP"),
    pytest.param(
        Reply(records=(Record(kind="TXT", value="t"),), before=(b"", b"\0", b"x" * 40)), ("t",), id="noise comes first"
    ),
    pytest.param(
        Reply(records=(Record(kind="TXT", value="t", owner="X.eXAMPLE"),)), ("t",), id="letters' case does not count"
    ),
]


@pytest.mark.parametrize(("reply", "expected"), TEXTS)
def test_texts_are_read(server, reply, expected):
    server.say("x.example", "TXT", reply)
    assert ask(server, "x.example") == expected


def test_each_look_up_is_on_record(server):
    departures = []
    server.publish("x.example", "TXT", "t")
    server.say("broken.example", "TXT", Reply(rcode=SERVER_FAILURE))
    dns.txt("x.example", servers=[server.place], purpose="check", ledger=departures.append)
    with pytest.raises(errors.Unresolvable):
        dns.txt("broken.example", servers=[server.place], purpose="check", ledger=departures.append)
    good, bad = departures
    assert (good.party_host, good.purpose, good.address, good.ok) == ("x.example", "check", "127.0.0.1", True)
    assert good.sent_bytes == 12 + len("x.example") + 2 + 4
    assert good.received_bytes > good.sent_bytes
    assert (bad.party_host, bad.ok) == ("broken.example", False)


def test_a_name_is_asked_for_in_one_form(server):
    server.publish("_vallum.xn--bcher-kva.example", "TXT", "t")
    assert ask(server, "_Vallum.BÜCHER.example.") == ("t",)


def test_an_alias_whose_end_is_not_told_is_asked_for(server):
    server.say("x.example", "TXT", chain("x.example", "y.example", kind="TXT", values=()))
    server.publish("y.example", "TXT", "there")
    assert ask(server, "x.example") == ("there",)
    assert [each.name for each in server.asked] == ["x.example", "y.example"]


FAILURES = [
    pytest.param(Reply(rcode=SERVER_FAILURE), "it failed", id="server failure"),
    pytest.param(Reply(rcode=REFUSED), "it refused", id="refused"),
    pytest.param(Reply(rcode=9), "its code is 9", id="another code"),
    pytest.param(chain("x.example", "y.example", "x.example", kind="A", values=()), "back to itself", id="alias in a ring"),
    pytest.param(
        chain(*(f"{n}.example" for n in ["x", *range(12)]), kind="TXT", values=("t",)), "too far", id="endless alias"
    ),
    pytest.param(Reply(records=(Record(kind="TXT", value="t"),), twist=lambda m: m[:-1]), "too early", id="cut short"),
    pytest.param(Reply(truncated=True, twist=lambda m: m[:2] + b"\x83\x80" + m[4:]), "truncated", id="truncated over TCP too"),
]  # fmt: skip


@pytest.mark.parametrize(("reply", "words"), FAILURES)
def test_a_failed_look_up_is_no_empty_answer(server, reply, words):
    server.say("x.example", "TXT", reply)
    with pytest.raises(errors.Unresolvable, match=words):
        ask(server, "x.example", seconds=1)


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(Reply(lost=True), id="nothing comes"),
        pytest.param(Reply(records=(Record(kind="TXT", value="lie"),), twist=wrong_number), id="wrong number"),
        pytest.param(Reply(twist=lambda m: m[:2] + b"\x01\x00" + m[4:]), id="a question comes back"),
        pytest.param(Reply(twist=lambda m: m[:12] + m[12:].replace(b"example", b"exampla")), id="another question"),
    ],
)
def test_what_answers_another_question_is_not_listened_to(server, reply):
    server.say("x.example", "TXT", reply)
    begun = time.monotonic()
    with pytest.raises(errors.TooSlow, match="in time"):
        ask(server, "x.example", seconds=0.4)
    assert time.monotonic() - begun < 2
    assert kinds(server) == ["TXT udp"] * 2


def test_a_lost_datagram_is_sent_again(server):
    server.say("x.example", "TXT", Reply(lost=True), records("TXT", "second"))
    assert ask(server, "x.example", seconds=1) == ("second",)


def test_the_next_server_is_asked_when_one_fails(server):
    server.publish("x.example", "TXT", "t")
    with Nameserver() as broken:
        broken.say("x.example", "TXT", Reply(rcode=SERVER_FAILURE))
        assert dns.txt("x.example", servers=[("127.0.0.1", 1), broken.place, server.place]) == ("t",)
    assert len(broken.asked) == 1


def test_without_servers_nothing_is_found():
    with pytest.raises(errors.Unresolvable, match="no nameserver"):
        dns.txt("x.example", servers=[])


def test_numbers_and_ports_are_not_to_be_guessed(server, monkeypatch):
    server.publish("x.example", "TXT", "t")
    heard = []
    read = server.answer
    monkeypatch.setattr(server, "answer", lambda message, by: heard.append(message[:2]) or read(message, by))
    for _ in range(30):
        ask(server, "x.example")
    assert len(set(heard)) > 25


def test_both_families_are_looked_up(server):
    server.publish("x.example", "A", "93.184.216.34", "93.184.216.35")
    server.publish("x.example", "AAAA", "2606:4700::1111")
    found = dns.addresses("x.example", servers=[server.place])
    assert found == ("93.184.216.34", "93.184.216.35", "2606:4700::1111")
    server.say("x.example", "AAAA", Reply(rcode=SERVER_FAILURE))
    with pytest.raises(errors.Unresolvable):
        dns.addresses("x.example", servers=[server.place], seconds=1)


def test_an_address_of_the_wrong_size_is_no_address(server):
    server.say(
        "x.example", "A", Reply(records=(Record(kind="A", value="1.2.3.4"),), twist=lambda m: m[:-6] + b"\0\3abc")
    )
    with pytest.raises(errors.Unresolvable, match="3 bytes"):
        dns.addresses("x.example", servers=[server.place], seconds=1)


@pytest.mark.parametrize("name", ["", "1.2.3.4", "a b", "a..b", "x" * 64, "a." * 130 + "b", "::1", "a\0b", "0x7f.1"])
def test_what_is_no_name_is_not_asked_for(name):
    with pytest.raises(errors.BadUrl):
        dns.txt(name, servers=[("127.0.0.1", 1)])


@given(st.text(max_size=300))
def test_any_text_for_a_name_raises_nothing_but_ours(name):
    with pytest.raises(errors.GuardError):
        dns.txt(name, servers=[])


RESOLV_CONF = [
    pytest.param("nameserver 10.0.0.1\nsearch x\nnameserver ::1\n", (("10.0.0.1", 53), ("::1", 53)), id="two"),
    pytest.param("# nameserver 10.0.0.1\nnameserver\nnameserver x\n", (("127.0.0.1", 53),), id="none"),
    pytest.param(None, (("127.0.0.1", 53),), id="no file"),
]


@pytest.mark.parametrize(("text", "expected"), RESOLV_CONF)
def test_the_system_names_its_servers(tmp_path, text, expected):
    file = tmp_path / "resolv.conf"
    if text is not None:
        file.write_text(text)
    assert dns.system_servers(file) == expected


SERVERS = [
    pytest.param("9.9.9.9", (("9.9.9.9", 53),), id="IPv4"),
    pytest.param("10.0.0.1:5353, ::1 ,[::2]:54,[::3]", (("10.0.0.1", 5353), ("::1", 53), ("::2", 54), ("::3", 53)), id="many"),
    pytest.param("", (), id="none"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), SERVERS)
def test_an_operator_names_servers(text, expected):
    assert dns.read_servers(text) == expected


@pytest.mark.parametrize("text", ["dns.example", "9.9.9.9:", "9.9.9.9:0", "9.9.9.9:99999", "[::1", "9.9.9.9:x"])
def test_servers_that_cannot_be_read_say_how_to_write_them(text):
    with pytest.raises(errors.BadUrl, match="nameserver"):
        dns.read_servers(text)


QUESTION = (7, (b"x", b"example"), dns.Kind.TXT)
HEAD = struct.pack("!6H", 7, 0x8180, 1, 3, 0, 0) + b"\x01x\x07example\0" + struct.pack("!HH", 16, 1)


@settings(max_examples=1000, deadline=None)
@given(st.one_of(st.binary(max_size=600), st.binary(max_size=600).map(HEAD.__add__)))
def test_random_bytes_raise_nothing_but_ours(message):
    try:
        answer = dns._read(message, QUESTION)
        dns._follow(dns._errand("x.example", dns.Kind.TXT, (), 1), QUESTION[1], answer.records)
        for record in answer.records:
            dns._text(record.data)
    except errors.GuardError:
        pass


@pytest.mark.slow
@settings(max_examples=500, deadline=None)
@given(st.data())
def test_damaged_answers_raise_nothing_but_ours(data):
    nameserver = Nameserver()
    nameserver.say("x.example", "TXT", chain("x.example", "y.example", kind="TXT", values=("a", "b" * 200)))
    query = struct.pack("!6H", 7, 0x0100, 1, 0, 0, 0) + b"\x01x\x07example\0" + struct.pack("!HH", 16, 1)
    message = bytearray(nameserver.answer(query, "tcp")[0])
    for at in data.draw(st.lists(st.integers(0, len(message) - 1), max_size=4)):
        message[at] = data.draw(st.integers(0, 255))
    try:
        answer = dns._read(bytes(message), QUESTION)
        dns._follow(dns._errand("x.example", dns.Kind.TXT, (), 1), QUESTION[1], answer.records)
        for record in answer.records:
            dns._text(record.data)
    except errors.GuardError:
        pass


POINTERS = [
    pytest.param(HEAD + b"\xc0\x0c" + struct.pack("!HHIH", 16, 1, 0, 2) + b"\x01t", True, id="backwards"),
    pytest.param(HEAD + b"\xc0\x1d" + b"\0" * 20, False, id="at itself"),
    pytest.param(HEAD + b"\x01a\xc0\x1d" + b"\0" * 20, False, id="at its own label: a ring"),
    pytest.param(HEAD + b"\xc0\xff" + b"\0" * 20, False, id="forwards"),
    pytest.param(HEAD + b"\x80" + b"\0" * 20, False, id="a length of no kind"),
]


@pytest.mark.parametrize(("message", "whole"), POINTERS)
def test_names_point_backwards_only(message, whole):
    one = message[:6] + b"\0\1" + message[8:]
    if whole:
        assert dns._read(one, QUESTION).records[0].owner == (b"x", b"example")
        return
    with pytest.raises(errors.TransportFailed):
        dns._read(one, QUESTION)
