from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "vallum_web.tenancy.audit"
    label = "audit"
