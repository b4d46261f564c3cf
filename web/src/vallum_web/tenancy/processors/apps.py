from django.apps import AppConfig


class ProcessorsConfig(AppConfig):
    name = "vallum_web.tenancy.processors"
    label = "processors"
