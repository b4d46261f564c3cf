from django.urls import path

from vallum_web.mail import views

app_name = "inbox"
urlpatterns = [
    path("", views.inbox, name="inbox"),
    path("letters/", views.previews, name="previews"),
    path("letters/<slug:name>/", views.preview, name="preview"),
]
