from django.apps import AppConfig


class AnnouncingConfig(AppConfig):
    name = "vallum_web.tenancy.announcing"
    label = "announcing"
