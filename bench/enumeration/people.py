"""Accounts to ask about: `python -m bench.enumeration.people NUMBER DOOR…`. All have one password, so one hash is enough."""

import os
import sys

os.environ["DJANGO_SETTINGS_MODULE"] = "vallum_web.config.settings"

import django
from django.contrib.auth.hashers import make_password

from bench.enumeration.run import address


def main() -> None:
    django.setup()
    from allauth.account.models import EmailAddress  # noqa: PLC0415 - models need a configured Django

    from vallum_web.accounts.models import User  # noqa: PLC0415 - as above

    hashed = make_password("correct horse battery")
    for door in sys.argv[2:]:
        people = [User(email=address(door, number, known=True), password=hashed) for number in range(int(sys.argv[1]))]
        User.objects.bulk_create(people)
        EmailAddress.objects.bulk_create(
            [EmailAddress(user=person, email=person.email, verified=True, primary=True) for person in people]
        )


if __name__ == "__main__":
    main()
