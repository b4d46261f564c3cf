import contextlib
import io
import os
import socket
import ssl
import threading
from pathlib import Path

import pytest
import roomy

from vallum_web.embedded import apart, doctor
from vallum_web.embedded.certificates import ensure
from vallum_web.embedded.doctor import Verdict
from vallum_web.embedded.ephemeral import ephemeral
from vallum_web.embedded.home import Lock
from vallum_web.embedded.narrator import Narrator


def spoken(*, new, old):
    """The verdict on a platform that answers so."""
    return doctor.encryption(
        "https://vallum.example:8443/", lambda _host, _port, it: new if it is doctor.probe.NEW else old
    )


def in_bucket(place):
    """The verdict on a ledger there, with keys."""
    return apart.ledger(
        Path("/tmp"), {apart.LEDGER: place, f"{apart.LEDGER}_ACCESS": "a", f"{apart.LEDGER}_SECRET": "b"}
    )


@pytest.mark.parametrize(
    ("line", "verdict"),
    [
        pytest.param(doctor.python((3, 11, 0)), Verdict.OK, id="Python 3.11"),
        pytest.param(doctor.python((3, 10, 9)), Verdict.FAIL, id="Python 3.10"),
        pytest.param(doctor.git("git version 2.39.4"), Verdict.OK, id="git, oldest"),
        pytest.param(doctor.git("git version 2.50.1 (Apple Git-155)"), Verdict.OK, id="git of a Mac"),
        pytest.param(doctor.git("git version 2.100"), Verdict.OK, id="git with two numbers"),
        pytest.param(doctor.git("git version 2.39.3"), Verdict.FAIL, id="git, too old"),
        pytest.param(doctor.git(None), Verdict.FAIL, id="no git"),
        pytest.param(doctor.sandbox("full\n\n"), Verdict.OK, id="isolation full"),
        pytest.param(doctor.sandbox("reduced\ninstall it"), Verdict.WARN, id="isolation reduced"),
        pytest.param(doctor.sandbox("none\n"), Verdict.WARN, id="isolation none"),
        pytest.param(doctor.sandbox(None), Verdict.WARN, id="isolation unknown"),
        pytest.param(doctor.disk(6 * 1024**3), Verdict.OK, id="disk"),
        pytest.param(doctor.disk(2 * 1024**3), Verdict.WARN, id="little disk"),
        pytest.param(doctor.disk(1024**2), Verdict.FAIL, id="no disk"),
        pytest.param(doctor.advisories(6.9, Path("/home")), Verdict.OK, id="fresh advisories"),
        pytest.param(doctor.advisories(7.1, Path("/home")), Verdict.WARN, id="old advisories"),
        pytest.param(doctor.advisories(None, Path("/home")), Verdict.WARN, id="starter set"),
        pytest.param(doctor.feed("EPSS", 6.9, ""), Verdict.OK, id="fresh feed"),
        pytest.param(doctor.feed("EPSS", 0.1, "It is a web page."), Verdict.OK, id="fresh feed, last attempt failed"),
        pytest.param(doctor.feed("KEV", 7.1, ""), Verdict.WARN, id="old feed"),
        pytest.param(doctor.feed("KEV", 7.1, "It is a web page."), Verdict.WARN, id="old feed that fails"),
        pytest.param(doctor.feed("KEV", None, ""), Verdict.WARN, id="no feed"),
        pytest.param(doctor.queue(2, 5, 0), Verdict.OK, id="worker at work"),
        pytest.param(doctor.queue(0, 5, 0), Verdict.WARN, id="no worker"),
        pytest.param(doctor.queue(2, 0, 1), Verdict.WARN, id="failed jobs"),
        pytest.param(doctor.encryption("http://127.0.0.1:8000/", None), Verdict.OK, id="plain on loopback"),
        pytest.param(spoken(new=True, old=False), Verdict.OK, id="TLS 1.3 alone"),
        pytest.param(spoken(new=True, old=True), Verdict.FAIL, id="TLS 1.2 as well"),
        pytest.param(spoken(new=False, old=True), Verdict.FAIL, id="TLS 1.2 alone"),
        pytest.param(spoken(new=None, old=None), Verdict.WARN, id="nobody to ask about TLS"),
        pytest.param(doctor.policy({}), Verdict.WARN, id="nobody says whom to ask and where data lies"),
        pytest.param(doctor.policy(dict.fromkeys(doctor._STATED, "x")), Verdict.OK, id="all stated"),
        pytest.param(apart.ledger(Path("/tmp"), {}), Verdict.WARN, id="the ledger beside the database"),
        pytest.param(
            apart.ledger(Path("/tmp"), {apart.LEDGER: "/proc/x"}), Verdict.OK, id="the ledger on another volume"
        ),
        pytest.param(apart.ledger(Path("/tmp"), {apart.LEDGER: "s3://b/x"}), Verdict.FAIL, id="a bucket without keys"),
        pytest.param(in_bucket("s3://b/x"), Verdict.FAIL, id="a bucket without an endpoint"),
        pytest.param(in_bucket("s3://b?endpoint=https://s3.example"), Verdict.OK, id="the ledger in a bucket"),
        pytest.param(in_bucket("s3://b?endpoint=http://127.0.0.1:9000"), Verdict.WARN, id="a bucket on this machine"),
        pytest.param(doctor.clock(4.9), Verdict.OK, id="clocks agree"),
        pytest.param(doctor.clock(-5.1), Verdict.FAIL, id="database behind"),
        pytest.param(doctor.clock(5.1), Verdict.FAIL, id="database ahead"),
    ],
)
def test_verdicts_and_their_advice(line, verdict):
    assert line.verdict is verdict
    assert bool(line.advice) is (verdict is not Verdict.OK), "what is not right says what to do, and only that"


@pytest.mark.asvs("12.1.1")
@pytest.mark.parametrize(("least", "verdict"), [("TLSv1_3", Verdict.OK), ("TLSv1_2", Verdict.FAIL)])
def test_the_running_platform_is_asked_what_it_speaks(tmp_path, least, verdict):
    certificate = ensure(tmp_path / "tls", ("localhost",))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.chain, certificate.key)
    context.minimum_version = ssl.TLSVersion[least]
    with socket.create_server(("127.0.0.1", 0)) as server:
        hands = threading.Thread(target=shake_hands, args=(server, context), daemon=True)
        hands.start()
        lock = Lock(tmp_path / "up.lock")
        lock.take(f"https://vallum.example:{server.getsockname()[1]}/ (process 1)", taken="")
        try:
            [line] = [line for line in doctor.examine(tmp_path, {}) if line.subject == "TLS"]
        finally:
            lock.release()
        hands.join(10)
    assert line.verdict is verdict
    assert not [line for line in doctor.examine(tmp_path, {}) if line.subject == "TLS"], "nothing runs: nothing to ask"


def shake_hands(server, context):
    for _version in range(2):
        link, _ = server.accept()
        with contextlib.suppress(OSError), context.wrap_socket(link, server_side=True) as safe:
            safe.recv(1)


def test_a_new_installation_has_nothing_that_fails_and_nothing_is_made(tmp_path):
    out = io.StringIO()
    assert doctor.run(tmp_path / "home", Narrator(out), environ={}) == 0
    assert "none yet: the first start makes it" in out.getvalue()
    assert not (tmp_path / "home").exists()


def test_a_state_folder_open_to_others_fails_with_the_command_that_closes_it(tmp_path):
    tmp_path.chmod(0o755)
    line = doctor.folder(tmp_path)
    assert (line.verdict, line.advice) == (Verdict.FAIL, f"Others can enter it. Run: chmod -R go= {tmp_path}")
    os.system(line.advice.partition("Run: ")[2])
    assert doctor.folder(tmp_path).verdict is Verdict.OK


def test_the_database_is_examined_as_both_roles(tmp_path):
    with ephemeral(within=roomy.PLACE) as server:
        right = {"DATABASE_URL": server.urls.app, "DATABASE_OWNER_URL": server.urls.owner}
        mighty = {**right, "DATABASE_URL": server.cluster.super_url("vallum")}
        found = {line.subject: line for line in doctor.examine(tmp_path, right)}
        wrong = {line.subject: line for line in doctor.examine(tmp_path, mighty)}
    assert {
        name: found[name].verdict.value
        for name in ("database", "app role", "owner role", "migrations", "worker", "clock")
    } == {
        "database": "OK",
        "app role": "OK",
        "owner role": "OK",
        "migrations": "WARN",
        "worker": "OK",
        "clock": "OK",
    }
    assert wrong["app role"].verdict is Verdict.FAIL
    gone = {line.subject: line for line in doctor.examine(tmp_path, right)}
    assert gone["database"].verdict is Verdict.FAIL


def test_half_an_address_is_a_failure_that_names_the_other_half(tmp_path):
    lines = list(doctor.examine(tmp_path, {"DATABASE_URL": "postgresql://x"}))
    assert lines[-1].verdict is Verdict.FAIL
    assert "DATABASE_OWNER_URL" in lines[-1].found


@pytest.mark.parametrize(
    ("environ", "verdict", "found"),
    [
        pytest.param({}, Verdict.OK, "never sent", id="kept"),
        pytest.param({"VALLUM_SMTP_URL": "smtp://x"}, Verdict.OK, "a relay", id="relay"),
        pytest.param(
            {"VALLUM_RESEND_KEY": "k", "VALLUM_RESEND_WEBHOOK_SECRET": "s"}, Verdict.OK, "Resend", id="Resend"
        ),
        pytest.param({"VALLUM_RESEND_KEY": "k"}, Verdict.FAIL, "nothing proves", id="unsigned"),
        pytest.param({"VALLUM_MAIL": "console"}, Verdict.WARN, "printed", id="console"),
        pytest.param({"VALLUM_MAIL": "keep", "VALLUM_RESEND_KEY": "k"}, Verdict.OK, "never sent", id="kept by choice"),
    ],
)
def test_it_says_by_which_way_mails_leave(environ, verdict, found):
    line = doctor.mail(environ)
    assert line.verdict is verdict
    assert found in line.found
