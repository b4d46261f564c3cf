from django.urls import path

from vallum_web.accounts.sso.views import settings

urlpatterns = [
    path("", settings.index, name="sso"),
    path("add/oidc/", settings.add, {"kind": "oidc"}, name="sso_add_oidc"),
    path("add/saml/", settings.add, {"kind": "saml"}, name="sso_add_saml"),
    path("domains/", settings.add_domain, name="sso_add_domain"),
    path("domains/<uuid:domain>/check/", settings.check_domain, name="sso_check_domain"),
    path("domains/<uuid:domain>/remove/", settings.remove_domain, name="sso_remove_domain"),
    path("identities/<uuid:identity>/untie/", settings.untie, name="sso_untie"),
    path("<uuid:provider>/", settings.provider, name="sso_provider"),
    path("<uuid:provider>/change/", settings.change, name="sso_change"),
    path("<uuid:provider>/remove/", settings.remove, name="sso_remove"),
    path("<uuid:provider>/switch/", settings.switch, name="sso_switch"),
    path("<uuid:provider>/test/", settings.test, name="sso_test"),
    path("<uuid:provider>/tested/", settings.tested, name="sso_tested"),
]
