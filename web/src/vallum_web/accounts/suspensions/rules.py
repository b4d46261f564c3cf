"""For what somebody can be suspended: the sentences of the rules of acceptable use, word for word."""

from django.db import models


class Clause(models.TextChoices):
    """A test holds each against the text that is in force."""

    SCOPE = "scan-yours", "Scan what belongs to you, or what its owner has allowed you to scan."
    ATTACK = "attack-nobody", "Do not use Vallum to attack, to overload or to look into the systems of others"
    CREDENTIALS = "credentials", "Give it only credentials that you may use, with no more rights than a scan needs."
    OTHERS = "others-data", "Do not try to get at the data of other organizations, to get around limits"
    HARM = (
        "harmful-content",
        "Do not bring in content that is meant to harm the platform, its other users or its staff.",
    )
    MAILS = "unwanted-mails", "Do not use it to send mails or messages that nobody asked for."
    RESALE = "resale", "Do not sell access to it, unless we have agreed to it in writing."
