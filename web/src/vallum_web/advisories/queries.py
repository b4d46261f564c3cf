"""What is known of vulnerabilities, and since when. No organization's rows: the same for everybody."""

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime

from vallum_web.advisories.models import Feed, Threat


def threats(cves: Collection[str]) -> Mapping[str, Threat]:
    """Those of these vulnerabilities that a feed knows."""
    return Threat.objects.in_bulk(list(cves))


def changed_since(moment: datetime) -> Iterator[str]:
    """The vulnerabilities of which EPSS or KEV said something else after this moment: those may weigh more or less now."""
    return Threat.objects.filter(changed_at__gt=moment).order_by("cve").values_list("cve", flat=True).iterator()


def changed_until() -> datetime | None:
    """When a feed last said something new; None before any did."""
    return Threat.objects.order_by("-changed_at").values_list("changed_at", flat=True).first()


def feeds() -> Mapping[str, Feed]:
    """By kind; one that was never tried is not there."""
    return {feed.id: feed for feed in Feed.objects.order_by("id")}
