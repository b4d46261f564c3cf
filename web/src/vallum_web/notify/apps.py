from django.apps import AppConfig


class NotifyConfig(AppConfig):
    name = "vallum_web.notify"
    label = "notify"
