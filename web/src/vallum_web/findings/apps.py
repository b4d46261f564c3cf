from django.apps import AppConfig


class FindingsConfig(AppConfig):
    name = "vallum_web.findings"
    label = "findings"
