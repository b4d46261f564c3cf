from django.apps import AppConfig


class SubscribersConfig(AppConfig):
    name = "vallum_web.accounts.subscribers"
    label = "subscribers"
