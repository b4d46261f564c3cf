from django.apps import AppConfig


class UiConfig(AppConfig):
    name = "vallum_web.ui"
    label = "ui"
