from django.apps import AppConfig


class BackupsConfig(AppConfig):
    name = "vallum_web.backups"
