"""scim2-tester: what another implementation of RFC 7643 and 7644 asks of a service, over WSGI."""

import importlib
from urllib.parse import urlsplit

import making
import pytest
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from providing import provisioner


@pytest.mark.slow
def test_another_implementation_finds_nothing_to_say(live_database):
    # Two seconds to import, which every run of any test would wait for.
    wsgi, tester = (importlib.import_module(name) for name in ("scim2_client.engines.wsgi", "scim2_tester"))
    people = making.people()
    provider, _ = provisioner(people.org, people.alice)
    address = urlsplit(settings.PUBLIC_URL)
    client = wsgi.WSGISCIMClient(
        WSGIHandler(),
        base_url=f"{settings.PUBLIC_URL}/scim/v2",
        headers={"Authorization": f"Bearer {provider.text}", "Host": address.netloc},
    )
    results = tester.check_server(client)
    wrong = [
        f"{each.title} {each.resource_type or ''}: {each.reason}"
        for each in results
        if each.status is tester.Status.ERROR
    ]
    assert wrong == []
    passed = [each for each in results if each.status is tester.Status.SUCCESS]
    assert len(passed) > 50
