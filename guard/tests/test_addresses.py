"""The table of addresses: what is the public internet, and every disguise of what is not."""

import ipaddress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vallum_guard import addresses, errors
from vallum_guard.addresses import Opening

DENIED = {
    "this host": "0.0.0.0 0.1.2.3",
    "private": "10.0.0.1 10.255.255.255 172.16.0.1 172.31.255.254 192.168.0.1 192.168.255.255",
    "carrier": "100.64.0.1 100.127.255.254 100.100.100.200",
    "loopback": "127.0.0.1 127.1.2.3 127.255.255.255 ::1",
    "metadata": "169.254.169.254 169.254.170.2 169.254.170.23 169.254.0.1 168.63.129.16 192.0.0.192",
    "assignments": "192.0.0.1 192.0.0.9 192.0.0.170 192.88.99.1 192.31.196.1 192.52.193.1 192.175.48.1",
    "documentation": "192.0.2.1 198.51.100.7 203.0.113.9 2001:db8::1 3fff::1 3fff:fff::1",
    "benchmarking": "198.18.0.1 198.19.255.255 2001:2::1",
    "multicast": "224.0.0.1 239.255.255.250 232.1.1.1 ff02::1 ff0e::1",
    "reserved": "240.0.0.1 255.255.255.255 254.1.1.1",
    "unspecified": "::",
    "mapped": "::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 ::ffff:8.8.8.8 ::ffff:a9fe:a9fe",
    "compatible": "::169.254.169.254 ::127.0.0.1 ::10.0.0.1 ::8.8.8.8",
    "translated (SIIT)": "::ffff:0:a9fe:a9fe ::ffff:0:127.0.0.1 ::ffff:0:808:808",
    "NAT64": "64:ff9b::a9fe:a9fe 64:ff9b::127.0.0.1 64:ff9b::10.1.2.3 64:ff9b::192.168.1.1",
    "local NAT64": "64:ff9b:1::1 64:ff9b:1::a9fe:a9fe 64:ff9b:1:a9fe:a9:fe00:: 64:ff9b:1:0:a9:fea9:fe00:0 64:ff9b:1::808:808",
    "6to4": "2002:a9fe:a9fe::1 2002:7f00:1::1 2002:a00:1::1 2002:808:808::1",
    "Teredo": "2001:0:4136:e378:8000:63bf:3fff:fdd2 2001:0:a9fe:a9fe:: 2001::5601:5601",
    "ISATAP": "2a00:1450::5efe:a9fe:a9fe 2a00:1450::200:5efe:10.0.0.1 fe80::5efe:127.0.0.1 2606:4700::5efe:7f00:1",
    "unique local": "fc00::1 fd00::1 fdff:ffff::1 fd12:3456:789a:1::1",
    "link local": "fe80::1 febf::1 fe80::a9fe:a9fe",
    "site local": "fec0::1 feff::1",
    "IPv6 metadata": "fd00:ec2::254 fd00:ec2::23 fd20:ce::254 fd00:42::42 fd00:a9fe:a9fe::1",
    "other registries": "100::1 100:0:0:1::1 2001:10::1 2001:20::1 2001:30::1 2001:3::1 2620:4f:8000::1 5f00::1 3ffe::1",
    "unallocated": "4000::1 1::1 8000::1 e000::1 200::1",
}
ALLOWED = (
    "1.1.1.1 8.8.8.8 93.184.216.34 140.82.121.4 9.255.255.255 11.0.0.1 100.63.255.255 100.128.0.0 126.255.255.255 "
    "128.0.0.1 169.253.255.255 169.255.0.1 172.15.255.255 172.32.0.1 192.0.1.1 192.167.255.255 192.169.0.1 "
    "198.17.255.255 198.20.0.1 223.255.255.255 168.63.129.15 2606:4700:4700::1111 2a00:1450:4001:80b::200e "
    "2620:fe::fe 2400:cb00::1 64:ff9b::8.8.8.8 64:ff9b::140.82.121.4 2a00:1450::5efe:8.8.8.8"
)
NEVER = (
    "169.254.169.254 169.254.170.2 168.63.129.16 100.100.100.200 192.0.0.192 fd00:ec2::254 fd20:ce::254 "
    "fe80::a9fe:a9fe ::ffff:169.254.169.254 ::169.254.169.254 64:ff9b::a9fe:a9fe 2002:a9fe:a9fe::1 ::ffff:0:a9fe:a9fe "
    "64:ff9b:1::a9fe:a9fe 2001:0:a9fe:a9fe:: 2001::5601:5601 2a00:1450::5efe:a9fe:a9fe 64:ff9b::6464:64c8"
)
EVERYTHING = Opening.parse("0.0.0.0/0:*,[::/0]:*")


def rows(table):
    return [pytest.param(each, id=f"{kind} {each}") for kind, listed in table.items() for each in listed.split()]


@pytest.mark.policy("PP-5f")
@pytest.mark.parametrize("address", rows(DENIED))
def test_what_is_not_public_is_denied_with_a_reason(address):
    with pytest.raises(errors.AddressDenied) as refusal:
        addresses.check(address, 443)
    assert str(ipaddress.ip_address(address)) in str(refusal.value)
    assert "not on the public internet" in str(refusal.value) or "stays closed" in str(refusal.value)


@pytest.mark.parametrize("address", ALLOWED.split())
def test_the_public_internet_is_allowed(address):
    assert str(addresses.check(address, 443)) == str(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", NEVER.split())
def test_metadata_stays_closed_when_everything_is_open(address):
    with pytest.raises(errors.AddressDenied, match="stays closed"):
        addresses.check(address, 443, opening=EVERYTHING)


@pytest.mark.parametrize("address", [each for each in rows(DENIED) if each.values[0] not in NEVER.split()])
def test_ours_denies_whatever_the_standard_library_denies(address):
    value = ipaddress.ip_address(address)
    assert addresses.why_denied(value) is not None


def called_special(value):
    """What `ipaddress` itself would keep from being reached."""
    return not value.is_global or value.is_multicast or value.is_reserved or getattr(value, "is_site_local", False)


# The well-known translation prefix is judged by the address inside: a network with IPv6 alone reaches IPv4 through it.
WELL_KNOWN = ipaddress.ip_network("64:ff9b::/96")


@pytest.mark.slow
@settings(max_examples=3000, deadline=None)
@given(st.ip_addresses())
def test_ours_denies_all_that_the_standard_library_calls_special(value):
    if called_special(value) and value not in WELL_KNOWN:
        assert addresses.why_denied(value), value


@pytest.mark.slow
@settings(max_examples=2000, deadline=None)
@given(st.ip_addresses(v=4))
def test_a_disguise_is_judged_by_what_is_inside(inner):
    """Whatever is denied plainly is denied in every form that carries it, and metadata is never opened in any."""
    bits = int(inner)
    forms = [
        bits, 0xFFFF << 32 | bits, 0xFFFF << 48 | bits,
        int(WELL_KNOWN[0]) | bits, int(ipaddress.IPv6Address("64:ff9b:1::")) | bits,
        0x2002 << 112 | bits << 80 | 1, 0x2001 << 112 | bits << 64, 0x2001 << 112 | ~bits & 0xFFFFFFFF,
        int(ipaddress.IPv6Address("2a00:1450::5efe:0:0")) | bits,
    ]  # fmt: skip
    if addresses.why_denied(inner):
        assert all(addresses.why_denied(ipaddress.IPv6Address(form)) for form in forms)
    if addresses.never(inner):
        assert all(addresses.never(ipaddress.IPv6Address(form)) for form in forms)


def test_nothing_the_standard_library_calls_private_passes():
    """Every boundary of every network it knows."""
    known = [*ipaddress._IPv4Constants._private_networks, *ipaddress._IPv6Constants._private_networks]
    for network in known:
        for address in (network[0], network[-1], network[network.num_addresses // 2]):
            assert addresses.why_denied(address), address


# IANA's two registries of special-purpose addresses, row by row, whether or not they are called globally reachable.
REGISTRY = """
    0.0.0.0/8 0.0.0.0/32 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.0.0/29
    192.0.0.8/32 192.0.0.9/32 192.0.0.10/32 192.0.0.170/32 192.0.0.171/32 192.0.2.0/24 192.31.196.0/24 192.52.193.0/24
    192.88.99.0/24 192.88.99.2/32 192.168.0.0/16 192.175.48.0/24 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 240.0.0.0/4
    255.255.255.255/32
    ::1/128 ::/128 ::ffff:0:0/96 64:ff9b:1::/48 100::/64 100:0:0:1::/64 2001::/23 2001::/32 2001:1::1/128 2001:1::2/128
    2001:1::3/128 2001:2::/48 2001:3::/32 2001:4:112::/48 2001:10::/28 2001:20::/28 2001:30::/28 2001:db8::/32 2002::/16
    2620:4f:8000::/48 3fff::/20 5f00::/16 fc00::/7 fe80::/10
    224.0.0.0/4 ff00::/8 fec0::/10 168.63.129.16/32
"""


@pytest.mark.parametrize("network", REGISTRY.split())
def test_every_special_network_is_denied_from_end_to_end(network):
    known = ipaddress.ip_network(network)
    for address in (known[0], known[-1], known[known.num_addresses // 2], known[known.num_addresses // 3]):
        assert addresses.why_denied(address), address


@pytest.mark.parametrize("address", ["fe80::1%eth0", "localhost", "", "1.2.3", "0x7f.1", "127.0.0.1 ", "::1%1"])
def test_what_is_no_plain_address_is_denied(address):
    with pytest.raises(errors.AddressDenied):
        addresses.check(address, 443, opening=EVERYTHING)


OPENINGS = [
    pytest.param("10.1.0.0/16:443", "10.1.2.3", 443, True, id="inside"),
    pytest.param("10.1.0.0/16:443", "10.2.2.3", 443, False, id="outside"),
    pytest.param("10.1.0.0/16:443", "10.1.2.3", 8443, False, id="other port"),
    pytest.param("10.1.0.0/16:*", "10.1.2.3", 22, True, id="any port"),
    pytest.param("127.0.0.1/32:9000, 10.0.0.0/8:443", "127.0.0.1", 9000, True, id="first of two"),
    pytest.param("127.0.0.1:9000", "127.0.0.1", 9000, True, id="one address"),
    pytest.param("[fd12::/48]:8443", "fd12::1", 8443, True, id="IPv6"),
    pytest.param("[fd12::/48]:8443", "10.0.0.1", 8443, False, id="IPv6 does not open IPv4"),
    pytest.param("10.0.0.0/8:443", "::ffff:10.0.0.1", 443, False, id="IPv4 does not open its disguise"),
    pytest.param("8.8.8.8/32:53", "8.8.8.8", 53, True, id="public address, other port"),
    pytest.param("", "10.0.0.1", 443, False, id="nothing opened"),
    pytest.param("", "8.8.8.8", 80, False, id="public address, closed port"),
]


@pytest.mark.parametrize(("text", "address", "port", "allowed"), OPENINGS)
def test_openings_open_just_what_they_say(text, address, port, allowed):
    opening = Opening.parse(text)
    if allowed:
        addresses.check(address, port, opening=opening)
        return
    with pytest.raises(errors.AddressDenied):
        addresses.check(address, port, opening=opening)


@pytest.mark.parametrize(
    "text",
    [
        "10.0.0.0/8",
        "10.0.0.1/8:443",
        "fd12::/48:443",
        "x:443",
        "10.0.0.0/8:0",
        "10.0.0.0/8:99999",
        "10.0.0.0/8:ssl",
        ":443",
        "[10.0.0.0/8:443",
    ],
)
def test_openings_that_cannot_be_read_say_how_to_write_them(text):
    with pytest.raises(errors.BadOpening, match="cidr:port"):
        Opening.parse(text)
