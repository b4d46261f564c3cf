"""A person's own addresses, under /accounts/ beside those of allauth."""

from django.urls import include, path

from vallum_web.accounts.person import address, mails, sign_ins, views

urlpatterns = [
    path("profile/", views.profile, name="profile"),
    # In front of the same address of allauth's.
    path("email/", address.address, name="account_email"),
    path("email/confirm/<str:key>/", address.confirm, name="confirm_address"),
    path("email/revert/<str:key>/", address.revert, name="revert_address"),
    path("sign-ins/", sign_ins.listed, name="sign_ins"),
    path("mails/", mails.choices, name="mail_choices"),
    path("mails/try-again/", mails.try_again, name="mails_try_again"),
    path("no-proof/", views.no_proof, name="no_proof"),
    path("sessions/", views.sessions, name="sessions"),
    path("sessions/end-others/", views.end_other_sessions, name="end_other_sessions"),
    path("sessions/<int:session>/end/", views.end_session, name="end_session"),
    # In front of the same address of allauth's.
    path("2fa/totp/activate/", views.activate_app, name="mfa_activate_totp"),
    path("2fa/", include("allauth.mfa.urls")),
]
