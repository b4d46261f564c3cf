from django.apps import AppConfig


class BreachesConfig(AppConfig):
    name = "vallum_web.operator.breaches"
    label = "operator_breaches"
