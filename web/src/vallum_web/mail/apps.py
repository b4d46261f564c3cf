from django.apps import AppConfig


class MailConfig(AppConfig):
    name = "vallum_web.mail"
    label = "mail"
