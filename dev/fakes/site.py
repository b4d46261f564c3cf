"""A web server on loopback with TLS that answers each path as a test wrote down, and remembers what it was asked."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from dev.fakes.loopback import Answer, Asked, Speaker, serving


@dataclass(kw_only=True)
class Site:
    """`authority` is the file with whom to trust for it. A path nobody wrote down is missing."""

    port: int = 0
    authority: Path | None = None
    name: str = "127.0.0.1"
    pages: dict[str, Answer | Speaker] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"https://{self.name}:{self.port}"

    @property
    def opening(self) -> str:
        """For VALLUM_EGRESS_ALLOW."""
        return f"127.0.0.1/32:{self.port}"

    def redirect(self, path: str, to: str, status: int = 302) -> None:
        self.pages[path] = Answer(status=status, headers={"Location": to})

    def answer(self, asked: Asked) -> Answer:
        """Each connection ends with its answer: the next request finds its way anew."""
        self.asked.append(asked)
        page = self.pages.get(asked.path.partition("?")[0], Answer(status=404))
        answer = page if isinstance(page, Answer) else page(asked)
        return replace(answer, headers={"Connection": "close", **answer.headers})


@contextmanager
def running(folder: Path, *names: str) -> Iterator[Site]:
    """A site whose certificate is for 127.0.0.1 and these names. `folder` gets the authority's file."""
    site = Site()
    with serving(site.answer, folder=folder, names=names) as place:
        site.port, site.authority = place.port, place.authority
        yield site
