"""What the worker reads before it sets Django up must not need it."""

import subprocess
import sys


def test_the_worker_can_be_read_before_django_is_set_up(tmp_path):
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", "import vallum_web.config.worker, vallum_web.backups.restoring"],
        env={"PATH": "/usr/bin:/bin", "VALLUM_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert ran.returncode == 0, ran.stderr
