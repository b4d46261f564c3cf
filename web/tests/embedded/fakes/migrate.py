"""Stands for Django's `migrate`: runs as the owner, and leaves the table that says what was applied."""

import os

import psycopg

with psycopg.connect(os.environ["DATABASE_OWNER_URL"]) as connection:
    connection.execute("CREATE TABLE IF NOT EXISTS beat (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, pid int)")
    connection.execute("CREATE TABLE IF NOT EXISTS django_migrations (id int PRIMARY KEY)")
    connection.execute("INSERT INTO django_migrations VALUES (1) ON CONFLICT DO NOTHING")
