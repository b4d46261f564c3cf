"""What granian serves in these tests: which process answered, and how many beats the worker left in the database."""

import os

import psycopg

from vallum_web.embedded.deathwatch import die_with_parent

die_with_parent()


def application(environ, start_response):
    try:
        with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
            beats = connection.execute("SELECT count(*) FROM beat").fetchone()[0]
        status, body = "200 OK", f"{os.getpid()} {beats}"
    except psycopg.Error as error:
        status, body = "503 Service Unavailable", str(error)
    start_response(status, [("Content-Type", "text/plain")])
    return [body.encode()]
