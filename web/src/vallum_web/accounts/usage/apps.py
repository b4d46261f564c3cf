from django.apps import AppConfig


class UsageConfig(AppConfig):
    name = "vallum_web.accounts.usage"
    label = "usage"
