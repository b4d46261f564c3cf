from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "vallum_web.accounts"
    label = "accounts"
