from django.apps import AppConfig


class ObjectionsConfig(AppConfig):
    name = "vallum_web.accounts.objections"
    label = "privacy_objections"
