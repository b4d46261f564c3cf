from django.apps import AppConfig


class BillingConfig(AppConfig):
    name = "vallum_web.billing"
    label = "billing"
