from django.apps import AppConfig


class SuspensionsConfig(AppConfig):
    name = "vallum_web.accounts.suspensions"
    label = "suspensions"
