import socket
import ssl
import stat
import threading

import pytest

from vallum_web.embedded.certificates import DAY, LEAF_DAYS, RENEW_DAYS, ensure, names_for
from vallum_web.embedded.errors import CertificateError, HomeError

NOW = 1_800_000_000.0
NAMES = ("vallum.example", "192.0.2.7")


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize(
    ("names", "later", "chain_is_new"),
    [
        pytest.param(NAMES, 0, False, id="same names"),
        pytest.param(NAMES[::-1], 0, False, id="the order of names means nothing"),
        pytest.param((*NAMES, "other.example"), 0, True, id="a further name"),
        pytest.param(NAMES, (LEAF_DAYS - RENEW_DAYS - 1) * DAY, False, id="a day before it is due"),
        pytest.param(NAMES, (LEAF_DAYS - RENEW_DAYS + 1) * DAY, True, id="a day after it is due"),
    ],
)
def test_the_leaf_changes_when_it_must_and_the_authority_never(tmp_path, names, later, chain_is_new):
    ensure(tmp_path / "tls", NAMES, now=NOW)
    before = contents(tmp_path / "tls")
    ensure(tmp_path / "tls", names, now=NOW + later)
    after = contents(tmp_path / "tls")
    assert after["authority.pem"] == before["authority.pem"]
    assert (after["chain.pem"] != before["chain.pem"]) is chain_is_new
    assert (after["key.pem"] != before["key.pem"]) is chain_is_new


def test_nobody_else_reads_the_keys(tmp_path):
    ensure(tmp_path / "tls", NAMES)
    assert stat.S_IMODE((tmp_path / "tls").stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "tls").iterdir()} == {0o600}
    assert b"BEGIN PRIVATE KEY" in (tmp_path / "tls" / "key.pem").read_bytes(), "the web server wants PKCS#8"


def test_a_key_that_does_not_belong_to_the_chain_is_replaced_with_it(tmp_path):
    mine, other = ensure(tmp_path / "mine", NAMES), ensure(tmp_path / "other", NAMES)
    mine.key.write_bytes(other.key.read_bytes())
    mended = ensure(tmp_path / "mine", NAMES)
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(mended.chain, mended.key)


def test_damaged_files_are_a_refusal_not_plain_http(tmp_path):
    certificate = ensure(tmp_path / "tls", NAMES)
    certificate.chain.write_text("not a certificate")
    with pytest.raises(CertificateError, match="only loopback may be listened on"):
        ensure(tmp_path / "tls", NAMES)


@pytest.mark.parametrize("name", [*NAMES, "localhost", "127.0.0.1"])
def test_a_client_that_pinned_the_authority_accepts_every_name(tmp_path, name):
    certificate = ensure(tmp_path / "tls", NAMES)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate.chain, certificate.key)
    here, there = socket.socketpair()
    with here, there:
        answering = threading.Thread(target=lambda: server.wrap_socket(there, server_side=True).close())
        answering.start()
        with ssl.create_default_context(cafile=certificate.authority).wrap_socket(here, server_hostname=name) as link:
            assert link.version() == "TLSv1.3"
        answering.join()


@pytest.mark.parametrize(
    ("host", "further", "first", "held"),
    [
        pytest.param("192.0.2.7", (), "192.0.2.7", {"192.0.2.7"}, id="one address"),
        pytest.param("192.0.2.7", ("a.example",), "a.example", {"a.example", "192.0.2.7"}, id="a given name is shown"),
        pytest.param(
            "0.0.0.0", (), socket.gethostname(), {socket.gethostname()}, id="all addresses: the machine's name"
        ),
    ],
)
def test_names_that_clients_may_use(host, further, first, held):
    names = names_for(host, further)
    assert names[0] == first
    assert held <= set(names)
    assert "0.0.0.0" not in names


def test_folder_of_somebody_else_is_refused(tmp_path):
    real = tmp_path / "real"
    real.mkdir()
    (tmp_path / "tls").symlink_to(real)
    with pytest.raises(HomeError, match="is not a folder"):
        ensure(tmp_path / "tls", NAMES)
