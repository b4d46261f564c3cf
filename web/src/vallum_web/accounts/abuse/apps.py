from django.apps import AppConfig


class AbuseConfig(AppConfig):
    name = "vallum_web.accounts.abuse"
    label = "abuse"
