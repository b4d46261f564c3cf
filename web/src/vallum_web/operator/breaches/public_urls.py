from django.urls import path

from vallum_web.operator.breaches import public

app_name = "incidents"
urlpatterns = [
    path("", public.published, name="published"),
    path("<uuid:key>/", public.incident, name="incident"),
]
