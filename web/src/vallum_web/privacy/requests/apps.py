from django.apps import AppConfig


class RequestsConfig(AppConfig):
    name = "vallum_web.privacy.requests"
    label = "privacy_requests"
