from django.urls import path

from vallum_web.privacy.erasure import views

urlpatterns = [
    path("delete/", views.delete_account, name="delete_account"),
    path("back/<str:key>/", views.have_back, name="have_back"),
    path("receipts/<str:secret>/", views.receipt, name="receipt"),
    path("receipts/<str:secret>/<int:number>.json", views.receipt_file, name="receipt_file"),
]
