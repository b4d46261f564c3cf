import re
import shutil
from pathlib import Path

import prepared
import psycopg
import pytest
import roomy

from vallum_web.embedded import migrations
from vallum_web.embedded.cluster import Urls
from vallum_web.embedded.ephemeral import ephemeral
from vallum_web.embedded.errors import DatabaseError


@pytest.fixture
def package(tmp_path) -> Path:
    for name in ("a/migrations/0001_initial.py", "a/migrations/look_up.sql", "a/models.py", "config/settings.py"):
        path = tmp_path / "package" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    (tmp_path / "libraries" / "django-5.2.dist-info").mkdir(parents=True)
    return tmp_path / "package"


@pytest.mark.parametrize(
    ("change", "counts"),
    [
        pytest.param(lambda package: (package / "a/migrations/0002.py").write_text(""), True, id="a new migration"),
        pytest.param(lambda package: (package / "a/migrations/look_up.sql").write_text(""), True, id="SQL beside it"),
        pytest.param(lambda package: (package / "config/settings.py").write_text(""), True, id="other apps"),
        pytest.param(
            lambda package: shutil.move(
                package.with_name("libraries") / "django-5.2.dist-info",
                package.with_name("libraries") / "django-5.3.dist-info",
            ),
            True,
            id="another version of a package",
        ),
        pytest.param(lambda package: (package / "a/models.py").write_text(""), False, id="any other code"),
        pytest.param(lambda package: (package / "a/migrations/x.pyc").write_text(""), False, id="compiled code"),
    ],
)
def test_what_makes_a_start_migrate(package, change, counts):
    libraries = package.with_name("libraries")
    before = migrations.fingerprint(package, libraries)
    change(package)
    assert (migrations.fingerprint(package, libraries) != before) is counts


@pytest.fixture(scope="module")
def urls():
    with ephemeral(within=roomy.PLACE) as server:
        yield server


def test_the_mark_holds_until_somebody_migrates(urls):
    urls = urls.urls
    with psycopg.connect(urls.owner) as owner:
        owner.execute("CREATE TABLE django_migrations (id int PRIMARY KEY)")
        owner.execute("INSERT INTO django_migrations VALUES (1)")
    assert not migrations.are_applied(urls, "abc")
    assert migrations.mark_applied(urls, "abc")
    assert migrations.are_applied(urls, "abc")
    assert not migrations.are_applied(urls, "abd")
    with psycopg.connect(urls.owner) as owner:
        owner.execute("INSERT INTO django_migrations VALUES (2)")
    assert not migrations.are_applied(urls, "abc")
    with psycopg.connect(urls.owner) as owner:
        owner.execute("DROP TABLE django_migrations")
    assert not migrations.are_applied(urls, "abc")
    assert not migrations.mark_applied(urls, "abc")


def test_a_server_that_refuses_the_mark_costs_time_and_nothing_else(urls):
    only_app = Urls(app=urls.urls.app, owner=urls.urls.app)
    with psycopg.connect(urls.urls.owner) as owner:
        owner.execute("CREATE TABLE IF NOT EXISTS django_migrations (id int PRIMARY KEY)")
    assert not migrations.mark_applied(only_app, "abc")


def test_an_app_role_that_passes_row_level_security_is_refused(urls):
    migrations.refuse_mighty_app(urls.urls)
    mighty = urls.cluster.super_url("vallum")
    with pytest.raises(DatabaseError, match="The role super of DATABASE_URL is superuser"):
        migrations.refuse_mighty_app(Urls(app=mighty, owner=mighty))


def test_a_prepared_cluster_is_made_of_what_its_key_reads():
    """What migrations import of ours: anything else would change them, and the tests would work on the schema of before."""
    read = {path for pattern in prepared.SOURCES for path in migrations.PACKAGE.glob(pattern)}
    for migration in migrations.PACKAGE.rglob("migrations/0*.py"):
        for name in re.findall(r"^(?:from|import) (vallum_web[\w.]*)", migration.read_text(), re.MULTILINE):
            module = migrations.PACKAGE.parent / name.replace(".", "/")
            assert module.with_suffix(".py") in read or module / "__init__.py" in read, (migration.name, name)
