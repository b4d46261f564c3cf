from django.apps import AppConfig


class ErasureConfig(AppConfig):
    name = "vallum_web.privacy.erasure"
    label = "privacy_erasure"
