"""Stands for the demo's seeding: leaves the login, then takes a moment."""

import json
import os
import time
from pathlib import Path

login = {"email": "alice@demo.invalid", "password": "correct-horse"}
Path(os.environ["VALLUM_HOME"], "demo.json").write_text(json.dumps(login))
time.sleep(0.3)
