"""Figures of use. One table of them has a person in it, and forgets it after thirty days."""

from typing import ClassVar

from django.db import models

from vallum_web.tenancy.clock import now
from vallum_web.tenancy.keys import uuid7
from vallum_web.tenancy.models import TenantModel


class UsageCounter(TenantModel):
    """How often a route of an organization was asked for within an hour. Names nobody."""

    hour = models.DateTimeField()
    route = models.CharField(max_length=100)
    status_class = models.PositiveSmallIntegerField()
    """2 for what worked, 3 for what led on, 4 for what was refused, 5 for what failed."""
    client = models.CharField(max_length=8)
    """In front of what: `devices.Kind`."""
    n = models.PositiveIntegerField()

    class Meta(TenantModel.Meta):
        constraints: ClassVar = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["org", "hour", "route", "status_class", "client"], name="usagecounter_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.hour:%Y-%m-%d %H} {self.route}: {self.n}"


class OutsideCounter(models.Model):
    """As `UsageCounter`, for what belongs to no organization: signing in, accounts, public pages."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    hour = models.DateTimeField()
    route = models.CharField(max_length=100)
    status_class = models.PositiveSmallIntegerField()
    client = models.CharField(max_length=8)
    n = models.PositiveIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["hour", "route", "status_class", "client"], name="outsidecounter_once"),
        ]

    def __str__(self) -> str:
        return f"{self.hour:%Y-%m-%d %H} {self.route}: {self.n}"


class DeviceCounter(models.Model):
    """How many requests of a day came from which kind of device, browser and system, in few classes."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    day = models.DateField()
    kind = models.CharField(max_length=8)
    browser = models.CharField(max_length=20)
    system = models.CharField(max_length=10, blank=True)
    orgs = models.PositiveIntegerField()
    """In how many organizations: what too few have is told to nobody."""
    n = models.PositiveIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["day", "kind", "browser", "system"], name="devicecounter_once")
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.browser} on {self.system}: {self.n}"


class ScreenBucket(models.Model):
    """How many sign-in pages of a day were looked at in a window of which of three sizes. Nobody is signed in there."""

    class Bucket(models.TextChoices):
        SMALL = "small", "Small (below 600 px wide)"
        MEDIUM = "medium", "Medium (600 to 1,279 px)"
        LARGE = "large", "Large (1,280 px and more)"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    day = models.DateField()
    bucket = models.CharField(max_length=6, choices=Bucket)
    n = models.PositiveIntegerField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["day", "bucket"], name="screenbucket_once")]

    def __str__(self) -> str:
        return f"{self.day} {self.bucket}: {self.n}"


class PersonUse(models.Model):
    """How often a person used a feature on a day. Not of who objects, nor of requests whose browser asked not to be followed."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    person = models.UUIDField()
    day = models.DateField()
    feature = models.CharField(max_length=40)
    n = models.PositiveIntegerField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["person", "day", "feature"], name="personuse_once")]
        indexes: ClassVar = [models.Index(fields=["day"], name="personuse_day")]

    def __str__(self) -> str:
        return f"{self.day} {self.feature}: {self.n}"


class FeatureTotal(models.Model):
    """How often a feature was used in thirty days, over all organizations: rounded, and only where enough of them did."""

    feature = models.CharField(primary_key=True, max_length=40)
    at = models.DateTimeField(default=now)
    orgs = models.PositiveIntegerField()
    n = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"{self.feature}: {self.n}"


class CountedHour(models.Model):
    """An hour of the request log that is counted: the job goes on behind the last one, whatever it missed."""

    hour = models.DateTimeField(primary_key=True)
    requests = models.PositiveIntegerField()
    milliseconds = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"{self.hour:%Y-%m-%d %H}: {self.requests}"
