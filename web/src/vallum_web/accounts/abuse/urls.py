from django.urls import path

from vallum_web.accounts.abuse import views

app_name = "abuse"
urlpatterns = [
    path("settings/unusual/", views.cases, name="cases"),
    path("settings/unusual/choose/", views.choose, name="choose"),
    path("settings/unusual/<uuid:case>/close/", views.close, name="close"),
]
