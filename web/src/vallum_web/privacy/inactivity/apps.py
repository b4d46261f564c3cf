from django.apps import AppConfig


class InactivityConfig(AppConfig):
    name = "vallum_web.privacy.inactivity"
    label = "privacy_inactivity"
