from django.apps import AppConfig


class MinorsConfig(AppConfig):
    name = "vallum_web.privacy.minors"
    label = "privacy_minors"
