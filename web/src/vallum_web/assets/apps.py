from django.apps import AppConfig


class AssetsConfig(AppConfig):
    name = "vallum_web.assets"
    label = "assets"
