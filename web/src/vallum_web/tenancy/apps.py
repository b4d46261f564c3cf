from django.apps import AppConfig


class TenancyConfig(AppConfig):
    name = "vallum_web.tenancy"
    label = "tenancy"
