from django.apps import AppConfig


class TrustConfig(AppConfig):
    name = "vallum_web.trust"
    label = "trust"
