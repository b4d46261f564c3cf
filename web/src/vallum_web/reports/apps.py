from django.apps import AppConfig


class ReportsConfig(AppConfig):
    name = "vallum_web.reports"
    label = "reports"
