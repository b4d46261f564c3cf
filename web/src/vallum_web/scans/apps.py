from django.apps import AppConfig


class ScansConfig(AppConfig):
    name = "vallum_web.scans"
    label = "scans"
