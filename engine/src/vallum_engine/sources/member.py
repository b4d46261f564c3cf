"""An entry of an archive, whatever the archive's kind."""

from collections.abc import Callable, Iterator

from vallum_engine.values import immutable


def _nothing() -> Iterator[bytes]:
    return iter(())


@immutable
class Member:
    """`blocks` reads the content, and must be used, or left, before the next member is asked for."""

    name: str
    size: int = 0
    blocks: Callable[[], Iterator[bytes]] = _nothing
    folder: bool = False
    target: str = ""
    """Of a link the name that it leads to, as it stands there."""
    hard: bool = False
    """Whether it is another name of an entry before it."""
    refused: str = ""
    """Why its content is not read, for instance because it is a link."""
    covered: bool = False
    """Whether not reading it leaves no gap (a link holds nothing of its own)."""
    stream: bool = False
    """Whether damage here leaves nothing after it readable."""
