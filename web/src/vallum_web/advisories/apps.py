from django.apps import AppConfig


class AdvisoriesConfig(AppConfig):
    name = "vallum_web.advisories"
    label = "advisories"
