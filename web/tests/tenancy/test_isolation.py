"""One organization never sees another's rows: the database itself says so."""

import making
import psycopg
import pytest
from django.apps import apps
from django.db import IntegrityError, ProgrammingError, connection, transaction

from vallum_web.assets import services as assets
from vallum_web.assets.models import Asset
from vallum_web.scans.models import Scan
from vallum_web.tenancy import lookups
from vallum_web.tenancy.models import Org, OrgQuerySet, TenantModel
from vallum_web.tenancy.scope import ForeignScopeError, person, scope

TENANTS = sorted((m for m in apps.get_models() if issubclass(m, TenantModel)), key=lambda m: m._meta.label)


@pytest.fixture
def shop(people):
    return assets.add(people.org, "repository", "shop", people.alice.pk)


def count(table):
    with connection.cursor() as cursor:
        cursor.execute(f"select count(*) from {connection.ops.quote_name(table)}")
        return cursor.fetchone()[0]


@pytest.mark.policy("PP-1.2e")
@pytest.mark.parametrize("model", TENANTS, ids=lambda m: m._meta.label)
def test_every_tenant_table_has_forced_row_level_security(model, db):
    with connection.cursor() as cursor:
        cursor.execute(
            "select relrowsecurity, relforcerowsecurity, pg_get_userbyid(relowner) from pg_class where relname = %s",
            [model._meta.db_table],
        )
        assert cursor.fetchone() == (True, True, "vallum_owner")
    assert isinstance(model.objects.all(), OrgQuerySet)


def test_every_table_with_an_organization_is_a_tenant_table(db):
    with connection.cursor() as cursor:
        cursor.execute(
            "select table_name from information_schema.columns where column_name = 'org_id' and table_schema = 'public'"
        )
        assert {row[0] for row in cursor.fetchall()} == {m._meta.db_table for m in TENANTS}


@pytest.mark.policy("PP-1.2e")
@pytest.mark.parametrize("model", [Org, *TENANTS], ids=lambda m: m._meta.label)
def test_without_a_context_no_table_shows_a_row(model, people, shop):
    assert count(model._meta.db_table) == 0


def test_a_scope_sees_its_own_rows_and_no_others(people, shop):
    with scope(people.org.pk):
        assert [a.name for a in Asset.objects.all()] == ["shop"]
    with scope(people.elsewhere.pk):
        assert list(Asset.objects.all()) == []
        assert Asset.objects.filter(pk=shop.pk).update(name="mine now") == 0
        assert Asset.objects.filter(pk=shop.pk).delete()[0] == 0


def test_a_row_for_another_organization_is_refused(people):
    with pytest.raises(ProgrammingError, match="row-level security"), scope(people.elsewhere.pk):
        Asset.objects.create(org=people.org, kind="repository", name="planted")


def test_a_reference_into_another_organization_is_refused(people, shop):
    with scope(people.elsewhere.pk), connection.cursor() as cursor:
        Scan.objects.create(org=people.elsewhere, asset_id=shop.pk)
        with pytest.raises(IntegrityError), transaction.atomic():
            cursor.execute("set constraints all immediate")
        Scan.objects.all().delete()


def test_a_scope_inside_another_organizations_is_refused(people):
    with scope(people.org.pk), pytest.raises(ForeignScopeError), scope(people.elsewhere.pk):
        pass


def test_leaving_a_scope_closes_it_even_inside_a_longer_transaction(people, shop):
    with transaction.atomic():
        with scope(people.org.pk):
            assert count("assets_asset") == 1
        assert count("assets_asset") == 0


def test_an_inner_scope_leaves_the_outer_one_open(people, shop):
    with scope(people.org.pk):
        with scope(people.org.pk):
            pass
        assert count("assets_asset") == 1


@pytest.mark.parametrize(
    "statement",
    [
        "alter table assets_asset disable row level security",
        "drop policy tenant on assets_asset",
        "alter table assets_asset no force row level security",
        "set role vallum_owner",
        "set role vallum_lookup",
        "set session authorization vallum_owner",
        "create table mine (id int)",
    ],
)
def test_the_application_cannot_lift_the_rule(statement, db):
    with pytest.raises(ProgrammingError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_the_owner_of_the_tables_is_bound_too(live_database):
    people = making.people()
    assets.add(people.org, "repository", "shop", None)
    connection.close()
    with psycopg.connect(live_database.owner) as owner:
        assert owner.execute("select count(*) from assets_asset").fetchone() == (0,)


def test_a_person_is_told_their_own_organizations_alone(people):
    with person(people.bob.pk):
        assert [(o.slug, o.role) for o in lookups.my_orgs()] == [("acme", "developer")]
    assert lookups.my_orgs() == []
