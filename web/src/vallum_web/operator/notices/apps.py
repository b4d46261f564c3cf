from django.apps import AppConfig


class NoticesConfig(AppConfig):
    name = "vallum_web.operator.notices"
    label = "operator_notices"
