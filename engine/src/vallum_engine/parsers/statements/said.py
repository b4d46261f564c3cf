"""What the readers of statements share: one statement, or why it is none."""

from collections.abc import Iterable, Iterator, Sequence

from vallum_engine.parsers.words import texts
from vallum_engine.sbom.vex import About, Said, Unread, stated

NO_NAME = "it names no vulnerability"


def said(
    at: str, ids: Sequence[str], status: str, about: Iterable[About | str], **more: object
) -> Iterator[Said | Unread]:
    """A statement for each thing that it is about; a text in the place of one says why it is none.

    `more`: `justification`, `words` and `moment` as the document has them, whatever they are.
    """
    if not ids:
        yield Unread(at=at, why=NO_NAME)
        return
    statement = stated(
        status,
        justification=str(more.get("justification") or ""),
        words=texts(more.get("words")),
        at=str(more.get("moment") or ""),
    )
    if isinstance(statement, str):
        yield Unread(at=at, why=statement)
        return
    for each in about:
        if isinstance(each, str):
            yield Unread(at=at, why=each)
        else:
            yield Said(at=at, ids=tuple(ids), statement=statement, about=each)
