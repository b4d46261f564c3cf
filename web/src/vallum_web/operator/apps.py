from django.apps import AppConfig


class OperatorConfig(AppConfig):
    name = "vallum_web.operator"
    label = "operator"
