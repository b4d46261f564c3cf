from pathlib import Path

from django.apps import AppConfig
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from vallum_web.tenancy import clock


class TenancyConfig(AppConfig):
    name = "vallum_web.tenancy"
    label = "tenancy"

    def ready(self) -> None:
        """Nobody moves the clock of a platform that is more than a demo."""
        if not settings.STAND_INS:
            return
        if not (settings.DEMO and settings.LOOPBACK):
            raise ImproperlyConfigured(
                "VALLUM_STAND_INS moves the clock: it is for the demo on loopback alone (vallum-web up --demo)."
            )
        clock.follow(Path(settings.STAND_INS) / "clock")
