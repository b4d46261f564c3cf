from django.apps import AppConfig


class OverviewConfig(AppConfig):
    name = "vallum_web.overview"
    label = "overview"
