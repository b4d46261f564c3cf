from django.apps import AppConfig


class CentreConfig(AppConfig):
    name = "vallum_web.privacy.centre"
    label = "privacy_centre"
