"""Who comes in: the whole table, with the takeovers that it is there to stop."""

from dataclasses import replace
from uuid import UUID

import pytest

from vallum_web.accounts.sso.claims import Claims
from vallum_web.accounts.sso.decision import Account, Found, Verdict, Way, decide
from vallum_web.accounts.sso.errors import Reason, RefusedError

ADA = UUID(int=1)
BOB = UUID(int=2)
CLAIMS = Claims(subject="s-1", email="ada@acme.test", vouched=True)
NEW = Account(id=ADA, ours=True)
MEMBER = Account(id=ADA, member=True, ours=True)
TIED = replace(MEMBER, tied=True)
OUTSIDE = replace(TIED, ours=False)
OTHER = Account(id=BOB, member=True, ours=True)

WAYS = [
    pytest.param(CLAIMS, Found(identity=TIED), Way.ENTER, ADA, id="known, and the domain of the account is ours"),
    pytest.param(
        CLAIMS, Found(identity=OUTSIDE), Way.PROVE, ADA, id="known, but the account's address is not ours to speak for"
    ),
    pytest.param(CLAIMS, Found(identity=OUTSIDE, present=OUTSIDE), Way.ADD, ADA, id="known, and signed in already"),
    pytest.param(
        CLAIMS, Found(identity=OUTSIDE, present=OTHER), Way.PROVE, ADA, id="known, and somebody else is signed in"
    ),
    pytest.param(CLAIMS, Found(domain_ours=True), Way.JOIN, None, id="a newcomer"),
    pytest.param(CLAIMS, Found(domain_ours=True, address=MEMBER), Way.TIE, ADA, id="a member's first time"),
    pytest.param(
        CLAIMS,
        Found(domain_ours=True, address=NEW),
        Way.ASK,
        ADA,
        id="an account that is no member: its owner is asked",
    ),
    pytest.param(
        replace(CLAIMS, email="ada@elsewhere.test"),
        Found(present=replace(MEMBER, ours=False)),
        Way.ASK,
        ADA,
        id="a signed-in member with a foreign address asks for it",
    ),
    pytest.param(
        replace(CLAIMS, email="", vouched=False), Found(present=MEMBER), Way.ASK, ADA, id="the same, without an address"
    ),
    pytest.param(
        CLAIMS,
        Found(domain_ours=True, present=OTHER, address=MEMBER),
        Way.TIE,
        ADA,
        id="a colleague's browser: the address decides, not who is signed in",
    ),
    pytest.param(
        CLAIMS, Found(domain_ours=True, present=MEMBER, address=MEMBER), Way.TIE, ADA, id="a member's own, signed in"
    ),
    pytest.param(
        replace(CLAIMS, vouched=False),
        Found(domain_ours=True, present=MEMBER, address=MEMBER),
        Way.ASK,
        ADA,
        id="a member's own, signed in, but not verified there: they are asked",
    ),
    pytest.param(
        CLAIMS,
        Found(domain_ours=True, present=replace(OTHER, tied=True)),
        Way.JOIN,
        None,
        id="a newcomer in the browser of somebody who has an identity",
    ),
]
REFUSALS = [
    pytest.param(replace(CLAIMS, email=""), Found(domain_ours=False), Reason.NO_ADDRESS, id="no address"),
    pytest.param(
        replace(CLAIMS, vouched=False),
        Found(domain_ours=True, address=MEMBER),
        Reason.UNVERIFIED,
        id="takeover: an address that the provider did not verify",
    ),
    pytest.param(
        CLAIMS,
        Found(domain_ours=False, address=MEMBER),
        Reason.FOREIGN_DOMAIN,
        id="takeover: a member's address in a domain that was never proved",
    ),
    pytest.param(
        CLAIMS,
        Found(domain_ours=False, address=Account(id=BOB)),
        Reason.FOREIGN_DOMAIN,
        id="takeover: a stranger's address",
    ),
    pytest.param(
        CLAIMS, Found(domain_ours=False), Reason.FOREIGN_DOMAIN, id="squatting: an address that has no account yet"
    ),
    pytest.param(
        CLAIMS,
        Found(domain_ours=True, address=TIED),
        Reason.OTHER_IDENTITY,
        id="takeover: an address that was given to somebody new",
    ),
    pytest.param(
        CLAIMS, Found(identity=replace(TIED, member=False, removed=True)), Reason.REMOVED, id="known, and removed"
    ),
    pytest.param(
        CLAIMS,
        Found(domain_ours=True, address=replace(NEW, removed=True)),
        Reason.REMOVED,
        id="removed, and back under another subject",
    ),
    pytest.param(CLAIMS, Found(identity=replace(TIED, active=False)), Reason.INACTIVE, id="known, and closed"),
    pytest.param(
        CLAIMS, Found(domain_ours=True, address=replace(NEW, active=False)), Reason.INACTIVE, id="a closed account"
    ),
    pytest.param(
        CLAIMS,
        Found(domain_ours=False, present=Account(id=BOB)),
        Reason.FOREIGN_DOMAIN,
        id="signed in, but no member: being present adds nothing",
    ),
]


@pytest.mark.asvs("6.8.1", "10.5.2")
@pytest.mark.parametrize(("claims", "found", "way", "account"), WAYS)
def test_ways_in(claims, found, way, account):
    assert decide(claims, found) == Verdict(way=way, account=account)


@pytest.mark.asvs("6.8.1")
@pytest.mark.parametrize(("claims", "found", "reason"), REFUSALS)
def test_refusals(claims, found, reason):
    with pytest.raises(RefusedError) as refusal:
        decide(claims, found)
    assert refusal.value.reason is reason
