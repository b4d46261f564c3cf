"""There and back: what was backed up is what is restored, and a drill proves it."""

import pytest
from django.test import Client

from vallum_web.backups import manifest, services
from vallum_web.backups.drill import drill
from vallum_web.backups.manifest import MAIN
from vallum_web.backups.models import Run
from vallum_web.privacy.erasure import purge
from vallum_web.privacy.erasure import services as erasing
from vallum_web.tenancy.tombstones import ledger
from vallum_web.trust import services as trust


@pytest.fixture(autouse=True)
def own_ledger(home):
    ledger._ends.clear()
    yield
    ledger._ends.clear()


@pytest.mark.policy("PP-4c", "PP-4d")
def test_a_drill_restores_the_latest_backup_and_compares_it(platform, stores):
    purge.purge(erasing.ask_for_person(platform.bob).pk, now=True)
    found = services.back_up(stores, unattended=False)
    assert found.tables["accounts_user"].rows == 2
    assert list(manifest.whole(stores.main, MAIN)) == [found.backup]
    run = drill(stores)
    assert (run.backup, run.failure, run.rows) == (found.backup, "", found.rows)
    assert run.rto > 0
    assert (run.erased, run.resurrected) == (1, 0)
    assert [row.kind for row in Run.objects.order_by("began_at")] == ["backup", "drill"]
    trust.measure()
    shown = Client().get("/trust/").content.decode().partition("The last restore drill")[2].partition("</section>")[0]
    for words in (
        f'Rows that were counted and compared: <b class="num">{found.rows} rows</b>',
        'Erased people and organizations that were looked for in it: <b class="num">1</b>',
        'Erased people and organizations that were found in it: <b class="num">0</b>',
    ):
        assert words in shown
    assert (
        'lies: <b class="num">on the volume of the database, which is weak</b>'
        in Client().get("/trust/").content.decode()
    )
