"""Leaves a beat ten times a second; has one child in its group, and one that left it, as a careless tool would."""

import os
import subprocess
import time

import psycopg

subprocess.Popen(["sleep", "600"])
subprocess.Popen(["sleep", "600"], start_new_session=True)
while True:
    try:
        with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
            while True:
                connection.execute("INSERT INTO beat (pid) VALUES (%s)", [os.getpid()])
                time.sleep(0.1)
    except psycopg.Error:
        time.sleep(0.05)
