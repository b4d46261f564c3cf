"""When a finding was last seen: the newest scan whose report has it, whatever the record keeps of that."""

from datetime import timedelta

import making
import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from making import report, secret

from vallum_engine.model.report import Coverage, Exclusion, RuleSet, Verdict
from vallum_web.assets.models import Asset
from vallum_web.findings import aging, services
from vallum_web.findings.models import Finding
from vallum_web.scans import services as scans
from vallum_web.scans.models import Scan
from vallum_web.tenancy import clock
from vallum_web.tenancy.keys import uuid7
from vallum_web.tenancy.scope import scope

PATHS = ("a.py", "lib/b.py", "lib/deep/c.py")
GAPS = ("", "lib/", "a.py", "lib/deep/c.py")
places = st.frozensets(st.sampled_from(PATHS), min_size=1, max_size=2)
rulesets = st.frozensets(st.sampled_from(("secrets", "other")))
looks = st.lists(
    st.tuples(
        st.dictionaries(
            st.tuples(st.sampled_from(("secrets", "other")), st.sampled_from(("1", "2"))), places, max_size=3
        ),
        st.none() | st.tuples(st.sampled_from(GAPS), st.booleans()),
        rulesets,
        st.booleans(),
    ),
    max_size=6,
)


@pytest.fixture
def acme(live_database):
    """Each scan commits: of all of them in one transaction the locks of their temporary tables would be too many."""
    return making.people().org


def met(found, gap, ran):
    """Of what stands in the tree, what a scan with this gap and these rule sets meets."""
    blind = [
        path for path in PATHS if gap and (gap[0] in ("", path) or (gap[0].endswith("/") and path.startswith(gap[0])))
    ]
    return {
        name: [path for path in sorted(where) if path not in blind] for name, where in found.items() if name[0] in ran
    }


def scanned(asset, found, gap, ran, whole):
    seen = {name: where for name, where in met(found, gap, ran).items() if where}
    listed = [
        secret("".join(name), path=path, line=1, ruleset=name[0]) for name, where in seen.items() for path in where
    ]
    missed = (
        [Exclusion(path=gap[0], ruleset="", verdict=Verdict.SKIPPED, why="why", covered=gap[1], hidden=gap[1])]
        if gap
        else []
    )
    coverage = Coverage(
        rulesets=tuple(RuleSet(name=name, version="1", rules=None) for name in sorted(ran)),
        paths=PATHS if whole else PATHS[:1],
        exclusions=tuple(missed),
        complete=whole,
    )
    said = report(*listed, coverage=coverage)
    made = scans.uploaded(asset, None)
    services.digest(made, said)
    scans.finish(made, said, engine="0.1.0", outcome={})
    return dict.fromkeys(map("".join, seen), Scan.objects.get(pk=made.pk).finished_at)


@pytest.mark.policy("PP-4b")
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(looks=looks)
def test_a_finding_counts_from_the_last_scan_that_saw_it(acme, looks):
    with scope(acme.pk):
        asset = Asset.objects.create(org=acme, name=str(uuid7()), kind="repository")
    expected = {}
    for day, look in enumerate(looks):
        with clock.travelled(timedelta(days=day)), scope(acme.pk):
            expected |= scanned(asset, *look)
    with scope(acme.pk):
        aging.measure(acme.pk, asset.pk)
        names = dict(Finding.objects.filter(asset=asset).values_list("pk", "message"))
        with connection.cursor() as cursor:
            cursor.execute("select finding_id, at from aged")
            found = {names[key].removeprefix("Example token "): at for key, at in cursor.fetchall()}
    assert found == expected
