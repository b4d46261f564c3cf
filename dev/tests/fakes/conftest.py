"""What tests of the fakes share: a clock that stands still, and somebody who receives webhooks."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import django
import pytest
from django.conf import settings

from dev.fakes.clock import Clock
from dev.fakes.loopback import Answer, Asked, serving
from dev.tests.fakes.paying import Shop, open_shop

NOW = 1_790_000_000.0


@dataclass(kw_only=True)
class Receiver:
    """Answers webhooks with `status`, and remembers them."""

    url: str = ""
    status: int = 200
    got: list[Asked] = field(default_factory=list)

    def speak(self, asked: Asked) -> Answer:
        self.got.append(asked)
        return Answer(status=self.status)

    @property
    def headers(self) -> Mapping[str, str]:
        return self.got[-1].headers


@pytest.fixture
def clock() -> Clock:
    return Clock(source=lambda: NOW)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    with serving(made.speak) as place:
        made.url = f"{place.url}/hooks"
        yield made


@pytest.fixture
def _django() -> None:
    """For libraries that need it; tests of the platform in the same process have set it up before."""
    if not settings.configured:
        settings.configure(USE_TZ=True, SECRET_KEY="of tests")
        django.setup()


@pytest.fixture
def shop(clock: Clock) -> Iterator[Shop]:
    with open_shop(clock) as made:
        yield made
