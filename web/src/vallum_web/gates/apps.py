from django.apps import AppConfig


class GatesConfig(AppConfig):
    name = "vallum_web.gates"
    label = "gates"
