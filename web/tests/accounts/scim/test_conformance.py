"""scim2-tester: what another implementation of RFC 7643 and 7644 asks of a service, over WSGI."""

from urllib.parse import urlsplit

import making
import pytest
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from providing import provisioner
from scim2_client.engines.wsgi import WSGISCIMClient
from scim2_tester import Status, check_server


@pytest.mark.slow
def test_another_implementation_finds_nothing_to_say(live_database):
    people = making.people()
    provider, _ = provisioner(people.org, people.alice)
    address = urlsplit(settings.PUBLIC_URL)
    client = WSGISCIMClient(
        WSGIHandler(),
        base_url=f"{settings.PUBLIC_URL}/scim/v2",
        headers={"Authorization": f"Bearer {provider.text}", "Host": address.netloc},
    )
    results = check_server(client)
    wrong = [
        f"{each.title} {each.resource_type or ''}: {each.reason}" for each in results if each.status is Status.ERROR
    ]
    assert wrong == []
    passed = [each for each in results if each.status is Status.SUCCESS]
    assert len(passed) > 50
