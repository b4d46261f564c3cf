from django.urls import path
from django.views.generic import RedirectView

from vallum_web.accounts.legal import views

urlpatterns = [
    path("legal/", RedirectView.as_view(url="privacy/")),
    path("legal/<str:document>/", views.document, name="legal"),
    path("legal/<str:document>/<int:number>/", views.document, name="legal_version"),
    path("legal/<str:document>/<int:number>/from/<int:before>/", views.changes, name="legal_changes"),
    path("accounts/accept/", views.accept, name="accept"),
]
