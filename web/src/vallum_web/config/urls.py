"""Every address. Fixed first segments come first; they are reserved names, so that no organization hides behind one."""

from django.urls import include, path

from vallum_web.accounts import allauth_signals, leaks
from vallum_web.accounts import views as accounts
from vallum_web.accounts.org.invited import invited
from vallum_web.accounts.suspensions import views as suspension_views
from vallum_web.accounts.usage import views as usage
from vallum_web.billing import hooks as payments
from vallum_web.billing.views import staff as refunds
from vallum_web.config import health
from vallum_web.config.api import api
from vallum_web.mail import hooks
from vallum_web.notify import rule_views as rules
from vallum_web.overview import views as overview
from vallum_web.trust.security import security_txt

allauth_signals.listen()

urlpatterns = [
    path("", overview.start, name="start"),
    path("invite/<str:secret>/", invited, name="invitation"),
    path("security/leaked-token/", leaks.report, name="leaked_token"),
    path("new/", accounts.new_org, name="new_org"),
    path("legal/", include("vallum_web.privacy.centre.legal_urls")),
    path("", include("vallum_web.accounts.legal.urls")),
    path("trust/incidents/", include("vallum_web.operator.breaches.public_urls")),
    path("trust/sub-processors/", include("vallum_web.accounts.subscribers.urls")),
    path("", include("vallum_web.privacy.authorities.urls")),
    path("trust/", include("vallum_web.trust.urls")),
    path(".well-known/security.txt", security_txt, name="security_txt"),
    path("", include("vallum_web.privacy.requests.urls")),
    path("", include("vallum_web.privacy.minors.urls")),
    path("accounts/privacy/", include("vallum_web.privacy.centre.urls")),
    path("accounts/suspension/", suspension_views.own, name="suspension"),
    path("accounts/screen/<slug:bucket>.svg", usage.screen, name="screen"),
    path("accounts/theme/", accounts.theme, name="theme"),
    path("accounts/notifications/", rules.own_listed, name="own_rules"),
    path("accounts/", include("vallum_web.accounts.person.urls")),
    path("notices/", include("vallum_web.accounts.person.notice_urls")),
    path("accounts/", include("vallum_web.privacy.erasure.person_urls")),
    path("accounts/", include("vallum_web.privacy.centre.leaving_urls")),
    path("accounts/sso/", include("vallum_web.accounts.sso.entrance_urls")),
    path("accounts/", include("allauth.account.urls")),
    path("operator/refunds/", refunds.index, name="refunds"),
    path("operator/disputes/", refunds.disputed, name="disputes"),
    path("operator/breaches/", include("vallum_web.operator.breaches.urls")),
    path("operator/", include("vallum_web.operator.notices.urls")),
    path("operator/", include("vallum_web.operator.urls")),
    path("inbox/", include("vallum_web.mail.inbox_urls")),
    path("hooks/resend/", hooks.resend, name="resend_hook"),
    path("unsubscribe/", include("vallum_web.mail.urls")),
    path("hooks/<slug:provider>/", payments.take, name="payment_hook"),
    path("healthz", health.alive, name="healthz"),
    path("readyz", health.ready, name="readyz"),
    path("api/v1/", api.urls),
    path("scim/v2/", include("vallum_web.accounts.scim.urls")),
    path("<slug:org>/", include("vallum_web.overview.urls")),
    path("<slug:org>/", include("vallum_web.findings.urls")),
    path("<slug:org>/", include("vallum_web.gates.urls")),
    path("<slug:org>/", include("vallum_web.notify.urls")),
    path("<slug:org>/", include("vallum_web.reports.urls")),
    path("<slug:org>/", include("vallum_web.billing.urls")),
    path("<slug:org>/", include("vallum_web.repositories.urls")),
    path("<slug:org>/", include("vallum_web.scans.urls")),
    path("<slug:org>/", include("vallum_web.ingest.urls")),
    path("<slug:org>/", include("vallum_web.assets.urls")),
    path("<slug:org>/", include("vallum_web.privacy.erasure.urls")),
    path("<slug:org>/", include("vallum_web.privacy.centre.org_urls")),
    path("<slug:org>/", include("vallum_web.accounts.suspensions.urls")),
    path("<slug:org>/", include("vallum_web.accounts.usage.urls")),
    path("<slug:org>/", include("vallum_web.accounts.abuse.urls")),
    path("<slug:org>/", include("vallum_web.accounts.urls")),
]

# 400, 403 and 500 are Django's own views, which render our templates of these names.
handler404 = "vallum_web.accounts.access.stranger"
