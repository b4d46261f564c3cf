from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class RetentionConfig(AppConfig):
    name = "vallum_web.tenancy.retention"
    label = "retention"

    def ready(self) -> None:
        """Every app's rules are declared where its `retention.py` is imported."""
        autodiscover_modules("retention")
