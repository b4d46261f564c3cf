"""No card numbers are stored: what is pasted into a comment is masked, and what got in otherwise is found."""

from io import StringIO
from pathlib import Path

import making
import pytest
from django.core.management import CommandError, call_command

from vallum_web.assets import services as assets
from vallum_web.assets.models import Asset
from vallum_web.findings import services as findings
from vallum_web.findings.models import Comment, Finding
from vallum_web.scans import services as scans
from vallum_web.tenancy.scope import scope
from vallum_web.trust import searching
from vallum_web.trust.figures import card_numbers

pytestmark = [pytest.mark.django_db, pytest.mark.policy("PP-1.4b")]
VISA = "4" + "1" * 15  # put together here: no card number stands in the tree


@pytest.fixture
def finding(people):
    asset = assets.add(people.org, "repository", "shop", people.alice.pk)
    findings.digest(scans.uploaded(asset, people.alice.pk), making.report(making.secret()))
    with scope(people.org.pk):
        return Finding.objects.of(people.org).get().pk


def test_what_is_pasted_into_a_comment_is_masked(people, finding):
    said = findings.comment(people.org, finding, people.alice.pk, f"Try {VISA} here.")
    findings.edit_comment(people.org, finding, said.pk, people.alice.pk, text=f"Or {VISA}.")
    with scope(people.org.pk):
        assert Comment.objects.of(people.org).get().text == "Or [card …1111]."
    assert searching.search().found == 0
    assert card_numbers() == 0


def test_what_got_in_otherwise_is_found_by_place_and_left_alone(people, finding, settings, tmp_path):
    assert card_numbers() is None
    with scope(people.org.pk):
        Asset.objects.of(people.org).update(name=f"shop {VISA}")
    settings.HOME = tmp_path
    log = Path(tmp_path) / "logs" / "web.log"
    log.parent.mkdir()
    log.write_text(f"GET /x {VISA[:4]} {VISA[4:8]} {VISA[8:12]} {VISA[12:]}\n")
    told = StringIO()
    with pytest.raises(CommandError, match="2 card numbers"):
        call_command("cards", stdout=told)
    assert "1  assets.Asset.name" in told.getvalue()
    assert "1  log web.log" in told.getvalue()
    assert VISA not in told.getvalue()
    assert card_numbers() == 2
