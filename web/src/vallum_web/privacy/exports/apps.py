from django.apps import AppConfig


class ExportsConfig(AppConfig):
    name = "vallum_web.privacy.exports"
    label = "privacy_exports"
