from django.apps import AppConfig


class IngestConfig(AppConfig):
    name = "vallum_web.ingest"
    label = "ingest"
