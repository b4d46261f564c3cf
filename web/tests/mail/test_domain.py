"""SPF, DKIM and DMARC of the domain that mails come from."""

import pytest

from vallum_web.mail import domain
from vallum_web.mail.domain import Verdict

GOOD, WEAK, WRONG, UNREAD = Verdict.GOOD, Verdict.WEAK, Verdict.WRONG, Verdict.UNREAD


@pytest.mark.parametrize(
    ("texts", "by_resend", "verdict"),
    [
        pytest.param(["v=spf1 include:amazonses.com ~all"], True, GOOD, id="Resend's own"),
        pytest.param(["other", "V=SPF1 ip4:192.0.2.1 -all"], False, GOOD, id="in capitals, beside others"),
        pytest.param(["v=spf1 redirect=_spf.acme.example"], False, GOOD, id="told elsewhere"),
        pytest.param(["v=spf1 ip4:192.0.2.1 -all"], True, WRONG, id="without Resend"),
        pytest.param(["v=spf1 include:amazonses.com +all"], True, WRONG, id="anybody"),
        pytest.param(["v=spf1 include:amazonses.com"], True, WRONG, id="without an end"),
        pytest.param(["v=spf1 -all", "v=spf1 ~all"], False, WRONG, id="twice"),
        pytest.param(["v=spf10 -all"], False, WRONG, id="another version"),
        pytest.param([], False, WRONG, id="none"),
        pytest.param(None, False, UNREAD, id="not asked"),
    ],
)
def test_spf(texts, by_resend, verdict):
    line = domain.spf("send.acme.example", texts, by_resend=by_resend)
    assert line.verdict is verdict
    assert bool(line.todo) == (verdict is not GOOD)


@pytest.mark.parametrize(
    ("texts", "verdict"),
    [
        pytest.param(["p=MIGfMA0GCSqGSIb3"], GOOD, id="a key alone, as Resend has it"),
        pytest.param(["v=DKIM1; k=rsa; p=MIGf MA0G"], GOOD, id="whole"),
        pytest.param(["v=DKIM1; p="], WRONG, id="withdrawn"),
        pytest.param(["v=DKIM1; t=y:s; p=MIGf"], WEAK, id="being tried"),
        pytest.param(["p=MIGf", "p=MIGh"], WRONG, id="two"),
        pytest.param(["hello"], WRONG, id="something else"),
        pytest.param(None, UNREAD, id="not asked"),
    ],
)
def test_dkim(texts, verdict):
    assert domain.dkim("resend._domainkey.acme.example", texts).verdict is verdict


@pytest.mark.parametrize(
    ("texts", "verdict"),
    [
        pytest.param(["v=DMARC1; p=reject; rua=mailto:d@acme.example"], GOOD, id="reject"),
        pytest.param(["v=DMARC1;p=reject;sp=none"], WEAK, id="names below are free"),
        pytest.param(["v=DMARC1; p=reject; pct=10"], WEAK, id="one in ten"),
        pytest.param(["v=DMARC1; p=quarantine"], WEAK, id="quarantine"),
        pytest.param(["v=DMARC1; p=none"], WEAK, id="none"),
        pytest.param(["v=DMARC1; p=maybe"], WRONG, id="no policy"),
        pytest.param(["v=DMARC1; p=reject", "v=DMARC1; p=none"], WRONG, id="two"),
        pytest.param([], WRONG, id="absent"),
        pytest.param(None, UNREAD, id="not asked"),
    ],
)
def test_dmarc(texts, verdict):
    assert domain.dmarc("_dmarc.acme.example", texts).verdict is verdict


def test_which_names_are_asked_for():
    asked = domain.asked("acme.example", by_resend=True, selector="resend")
    assert (asked.spf, asked.dkim) == ("send.acme.example", "resend._domainkey.acme.example")
    assert domain.asked("acme.example", by_resend=False, selector="k1").spf == "acme.example"
    for name, selector in (("localhost", "a"), ("acme.example/../x", "a"), ("acme.example", "a b"), ("", "a")):
        with pytest.raises(ValueError, match=r"domain|selector"):
            domain.asked(name, by_resend=False, selector=selector)
