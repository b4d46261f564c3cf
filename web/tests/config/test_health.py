"""Is it alive, can it serve."""

import pytest
from django.db import connection


def test_alive_asks_no_database(client):
    # Without the `db` fixture a question to the database is an error.
    assert client.get("/healthz").content == b"ok\n"


@pytest.mark.django_db
def test_ready_when_all_migrations_are_applied(client):
    assert client.get("/readyz").content == b"ok\n"


@pytest.mark.django_db
@pytest.mark.asvs("13.3.2")
def test_not_ready_without_keys_and_the_reason_is_in_the_log_alone(client, settings, tmp_path, caplog):
    settings.HOME, settings.KEK_FILE = tmp_path, tmp_path / "keyring_key"
    assert client.get("/readyz").status_code == 200
    (tmp_path / "keyring").chmod(0o755)
    assert client.get("/readyz").status_code == 503
    assert "chmod 700" in caplog.text
    (tmp_path / "keyring").chmod(0o700)
    settings.KEK_FILE.unlink()
    answer = client.get("/readyz")
    assert (answer.status_code, answer.content) == (503, b"the keys cannot be used: see the log\n")
    assert f"{settings.KEK_FILE} is missing" in caplog.text


@pytest.mark.django_db
def test_not_ready_while_the_database_does_not_answer(client):
    with connection.cursor() as cursor:
        cursor.execute("savepoint before")
        cursor.execute("set local statement_timeout = 1")
        connection.connection.pgconn.finish()
    assert client.get("/readyz").status_code == 503
    connection.close()


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/nothing/", "/acme/nothing/", "/accounts/nothing/", "/static/nothing.css"])
def test_a_missing_page_says_the_same_wherever_it_is_missing(client, path):
    answer = client.get(path)
    assert answer.status_code == 404 or answer["Location"].startswith("/accounts/login/")
    if answer.status_code == 404:
        assert answer.content == client.get("/inexistent/nothing/at/all/").content
        assert path.strip("/") not in answer.content.decode()
