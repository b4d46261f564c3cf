from django.apps import AppConfig


class RepositoriesConfig(AppConfig):
    name = "vallum_web.repositories"
    label = "repositories"
