"""Graphs of lockfiles that leave their projects out: the manifests they answer say what these ask for."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from vallum_engine.model.graph import Graph, Key, rootless
from vallum_engine.sca.lockfiles.entry import Asking

Wishes = Sequence[tuple[str, str]]
"""Names and ranges."""


def by_name(
    names: Mapping[Key, tuple[str, str]],
    wants: Mapping[Key, Iterable[Key]],
    answers: Mapping[Key, Sequence[Key]],
    asking: Sequence[Asking],
    *,
    fold: Callable[[str], str] = str,
    perhaps: Iterable[Key] = (),
) -> Graph:
    """With manifests, what they ask for by name. `fold` makes one of a name's spellings."""

    def keys(asked: Wishes) -> list[Key]:
        return [fold(name) for name, _ in asked]

    return of_projects(names, wants, answers, asking, keys=keys, perhaps=perhaps)


def of_projects(
    names: Mapping[Key, tuple[str, str]],
    wants: Mapping[Key, Iterable[Key]],
    answers: Mapping[Key, Sequence[Key]],
    asking: Sequence[Asking],
    *,
    keys: Callable[[Wishes], Iterable[Key]],
    perhaps: Iterable[Key] = (),
) -> Graph:
    """With manifests, what they ask for; without one what nobody else asks for. `keys` makes wants of names and ranges."""
    if not asking:
        return rootless(names, wants, answers, perhaps=perhaps)
    projects: dict[Key, Asking] = {("project", own.folder, number): own for number, own in enumerate(asking)}
    return Graph(
        names={**names, **{key: (own.name, "") for key, own in projects.items()}},
        wants={**wants, **{key: keys(own.wants) for key, own in projects.items()}},
        answers=answers,
        roots=list(projects),
        dev={key: keys(own.dev) for key, own in projects.items()},
    )
