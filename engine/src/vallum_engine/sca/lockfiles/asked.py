"""Graphs of lockfiles that leave their projects out: the manifests they answer say what these ask for."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from vallum_engine.model.graph import Graph, Key, rootless
from vallum_engine.sca.lockfiles.entry import Asking


def by_name(
    names: Mapping[Key, tuple[str, str]],
    wants: Mapping[Key, Iterable[Key]],
    answers: Mapping[Key, Sequence[Key]],
    asking: Sequence[Asking],
    *,
    fold: Callable[[str], str] = str,
    perhaps: Iterable[Key] = (),
) -> Graph:
    """With manifests, what they ask for by name; without one what nobody else asks for. `fold` makes one of a name's spellings."""
    if not asking:
        return rootless(names, wants, answers, perhaps=perhaps)
    projects: dict[Key, Asking] = {("project", own.folder, number): own for number, own in enumerate(asking)}
    return Graph(
        names={**names, **{key: (own.name, "") for key, own in projects.items()}},
        wants={**wants, **{key: [fold(name) for name, _ in own.wants] for key, own in projects.items()}},
        answers=answers,
        roots=list(projects),
        dev={key: [fold(name) for name, _ in own.dev] for key, own in projects.items()},
    )
