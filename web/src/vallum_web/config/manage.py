"""Django's commands with this project's settings: `python -m vallum_web.config.manage COMMAND`."""

import os
import sys

from django.core.management import execute_from_command_line


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vallum_web.config.settings")
    if sys.argv[1:2] in (["migrate"], ["makemigrations"], ["sqlmigrate"]):
        os.environ["VALLUM_AS_OWNER"] = "1"
        os.environ["VALLUM_POOL"] = "0"
    execute_from_command_line(["vallum-web manage", *sys.argv[1:]])


if __name__ == "__main__":
    main()
