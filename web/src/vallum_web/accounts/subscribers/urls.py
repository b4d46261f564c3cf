from django.urls import path

from vallum_web.accounts.subscribers import views

app_name = "subscribers"
urlpatterns = [
    path("", views.ask, name="ask"),
    path("asked/", views.asked, name="asked"),
    path("told/<str:key>/", views.mine, name="mine"),
]
