from django.apps import AppConfig


class AuthoritiesConfig(AppConfig):
    name = "vallum_web.privacy.authorities"
    label = "privacy_authorities"
