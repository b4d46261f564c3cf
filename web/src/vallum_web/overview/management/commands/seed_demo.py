"""The demo organization, filled by really scanning."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from vallum_web.overview import demo


class Command(BaseCommand):
    help = "Create the demo organization and queue its scans; does nothing where it exists."

    def handle(self, *_: Any, **__: Any) -> None:
        self.stdout.write(demo.seed(Path.cwd()))
