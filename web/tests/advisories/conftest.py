from types import SimpleNamespace

import pytest

from dev.fakes import feeds
from dev.fakes.site import running
from vallum_web.advisories.models import Threat


@pytest.fixture
def publisher(tmp_path, monkeypatch, settings):
    """Both feeds on loopback, as mirrors that the operator named."""
    with running(tmp_path) as site:
        monkeypatch.setenv("VALLUM_EGRESS_ALLOW", site.opening)
        monkeypatch.setenv("SSL_CERT_FILE", str(site.authority))
        settings.FEED_SOURCES = {"epss": f"{site.url}{feeds.EPSS}", "kev": f"{site.url}{feeds.KEV}"}
        yield site


@pytest.fixture
def file(tmp_path):
    """Bytes as a file."""

    def write(body, name="feed"):
        path = tmp_path / name
        path.write_bytes(body)
        return path

    return write


@pytest.fixture
def known(db):
    """What is known of each vulnerability now."""

    def read():
        return {
            row.cve: SimpleNamespace(
                epss=row.epss,
                percentile=row.percentile,
                day=row.epss_model_date and row.epss_model_date.isoformat(),
                added=row.kev_added and row.kev_added.isoformat(),
                due=row.kev_due and row.kev_due.isoformat(),
                ransomware=row.kev_ransomware,
                changed_at=row.changed_at,
            )
            for row in Threat.objects.all()
        }

    return read
