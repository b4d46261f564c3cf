"""Breaches, notified or not, and everything that shows how they were dealt with (GDPR, Article 33, paragraph 5)."""

from typing import ClassVar

from django.db import models

from vallum_web.operator.breaches.clocks import CLOCKS
from vallum_web.tenancy.clock import now
from vallum_web.tenancy.keys import uuid7

LONGEST = 4_000


class Incident(models.Model):
    """One breach. What is written here names kinds of data and of people, never a person."""

    class State(models.TextChoices):
        OPEN = "open", "Open"
        CLOSED = "closed", "Closed"

    class Source(models.TextChoices):
        OWN = "own", "We noticed it"
        SUB_PROCESSOR = "sub_processor", "A sub-processor told us"
        CUSTOMER = "customer", "A customer told us"
        OUTSIDE = "outside", "Somebody else told us"

    class Software(models.TextChoices):
        NONE = "", "No: the platform alone"
        EXPLOITED = "exploited", "Yes: a weakness in it is being exploited"
        SEVERE = "severe", "Yes: a severe incident touches its security"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=120)
    state = models.CharField(max_length=6, choices=State, default=State.OPEN)
    source = models.CharField(max_length=13, choices=Source)
    party = models.CharField(max_length=120, blank=True, default="")
    """Which sub-processor, or who else told."""
    detected_at = models.DateTimeField()
    aware_at = models.DateTimeField()
    """From here the clocks run: when we knew, or when a sub-processor's notice reached us."""
    nature = models.JSONField(default=list)
    """Of confidentiality, integrity, availability those that are broken."""
    what = models.TextField(blank=True, default="", max_length=LONGEST)
    data = models.TextField(blank=True, default="", max_length=LONGEST)
    """Categories of people and of data."""
    people = models.PositiveIntegerField(null=True)
    records = models.PositiveIntegerField(null=True)
    consequences = models.TextField(blank=True, default="", max_length=LONGEST)
    measures = models.TextField(blank=True, default="", max_length=LONGEST)
    safe_keys = models.BooleanField(default=False)
    """All of it was encrypted, and the keys are safe: people need not be told (Article 34, paragraph 3a)."""
    software = models.CharField(max_length=9, choices=Software, blank=True, default="")
    fixed_at = models.DateTimeField(null=True)
    """When a remedy of the software was there."""
    recorded_at = models.DateTimeField(default=now)
    public = models.TextField(blank=True, default="", max_length=LONGEST)
    """What everybody is told, where people cannot be reached one by one."""
    published_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["state", "-aware_at"], name="incident_list")]

    def __str__(self) -> str:
        return self.name

    def next_number(self, whom: str) -> int:
        """Of what these are told of it: their first telling, or one that adds to it."""
        return self.tellings.filter(whom=whom).count() + 1


class Duty(models.Model):
    """Somebody who has to be told of a breach within a time, and what became of it."""

    class State(models.TextChoices):
        DUE = "due", "Not told yet"
        DONE = "done", "Told"
        NOT = "not", "Need not be told"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    incident = models.ForeignKey(Incident, models.CASCADE, related_name="duties")
    what = models.CharField(max_length=9, choices=[(name, clock.title) for name, clock in CLOCKS.items()])
    state = models.CharField(max_length=4, choices=State, default=State.DUE)
    reason = models.TextField(blank=True, default="", max_length=LONGEST)
    """Why not, or by what number the receiver knows it."""
    settled_at = models.DateTimeField(null=True)
    settled_by = models.UUIDField(null=True)
    rung = models.PositiveIntegerField(default=0)
    """The last of the hours at which operators were told of it."""

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["incident", "what"], name="duty_once")]

    def __str__(self) -> str:
        return f"{self.what}: {self.state}"


class Step(models.Model):
    """Something that was done about a breach, by whom and when."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    incident = models.ForeignKey(Incident, models.CASCADE, related_name="steps")
    at = models.DateTimeField(default=now)
    by = models.UUIDField(null=True)
    words = models.TextField(max_length=LONGEST)

    def __str__(self) -> str:
        return self.words


class Listing(models.Model):
    """The people whom a query found, frozen: nobody can say later that it was somebody else."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    incident = models.ForeignKey(Incident, models.CASCADE, related_name="listings")
    asked = models.JSONField()
    """What was asked for, as the form had it."""
    orgs = models.JSONField(default=list)
    """The organizations that were reached, whose owners are told as customers."""
    people = models.PositiveIntegerField()
    gone = models.PositiveIntegerField()
    """Ids that lead to nobody any more: they are told in public."""
    digest = models.CharField(max_length=64)
    """SHA-256 of the sorted ids, one on a line, and of the organizations after them."""
    made_at = models.DateTimeField(default=now)
    made_by = models.UUIDField(null=True)

    def __str__(self) -> str:
        return f"{self.people} people, {self.digest[:12]}"


class Affected(models.Model):
    """One person on a frozen list."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    listing = models.ForeignKey(Listing, models.CASCADE, related_name="rows")
    person = models.UUIDField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["listing", "person"], name="affected_once")]
        indexes: ClassVar = [models.Index(fields=["person"], name="affected_person")]

    def __str__(self) -> str:
        return str(self.person)


class Telling(models.Model):
    """One time that somebody was told: the first word, or what was found out since. It stands as it was said."""

    class Whom(models.TextChoices):
        AUTHORITY = "authority", "The authority"
        CUSTOMERS = "customers", "Owners of organizations"
        PEOPLE = "people", "People"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    incident = models.ForeignKey(Incident, models.CASCADE, related_name="tellings")
    listing = models.ForeignKey(Listing, models.CASCADE, null=True)
    whom = models.CharField(max_length=9, choices=Whom)
    number = models.PositiveIntegerField()
    text = models.TextField()
    advice = models.CharField(max_length=500, blank=True, default="")
    digest = models.CharField(max_length=64)
    at = models.DateTimeField(default=now)
    by = models.UUIDField(null=True)
    gone = models.PositiveIntegerField(default=0)
    """Of those on the list, whom nothing reaches any more."""
    done_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["incident", "whom", "number"], name="telling_once")]

    def __str__(self) -> str:
        return f"{self.whom} {self.number}"


class Told(models.Model):
    """The proof for one person: a notice on the site was posted, and a mail put into the outbox, in one transaction."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    telling = models.ForeignKey(Telling, models.CASCADE, related_name="rows")
    person = models.UUIDField()
    of = models.UUIDField(null=True)
    """The organization as whose owner they were told."""
    at = models.DateTimeField(default=now)
    mail = models.UUIDField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["telling", "person", "of"], nulls_distinct=False, name="told_of_once")
        ]
        indexes: ClassVar = [models.Index(fields=["person"], name="told_person")]

    def __str__(self) -> str:
        return str(self.person)
