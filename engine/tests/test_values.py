"""Our values against what the standard library makes of the same class."""

import copy
import dataclasses
import pickle
from concurrent.futures import ThreadPoolExecutor
from typing import ClassVar

import pytest

from vallum_engine.values import FrozenError, immutable, made, mutable, replace, unshown


@immutable
class Ours:
    name: str
    size: int = 3
    tags: dict = made(factory=dict)
    LIMIT: ClassVar[int] = 7

    @property
    def twice(self):
        return self.size * 2


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Theirs:
    name: str
    size: int = 3
    tags: dict = dataclasses.field(default_factory=dict)
    LIMIT: ClassVar[int] = 7


@immutable(kw_only=False, order=True)
class Pair:
    left: int
    right: int = 0


@immutable(kw_only=False)
class Triple(Pair):
    third: int = 9


@mutable
class Box:
    held: list = made(factory=list)
    name: str = ""


class Nearer(Pair):
    """Not decorated: it has a place for more."""


@immutable
class Hidden:
    rule: str
    secret: str = unshown()


def test_it_is_made_compared_and_shown_as_a_dataclass():
    ours, theirs = Ours(name="a"), Theirs(name="a")
    assert repr(ours).removeprefix("Ours") == repr(theirs).removeprefix("Theirs")
    assert (ours.name, ours.size, ours.tags, ours.twice, Ours.LIMIT) == ("a", 3, {}, 6, 7)
    assert ours == Ours(name="a")
    assert ours != Ours(name="b")
    assert ours != theirs
    assert Ours(name="a").tags is not ours.tags
    assert not hasattr(ours, "__dict__")
    assert Ours.__match_args__ == Theirs.__match_args__ == ()


@pytest.mark.parametrize("call", [lambda c: c(), lambda c: c("a"), lambda c: c(name="a", other=1)])
def test_wrong_arguments_are_refused_as_of_a_dataclass(call):
    with pytest.raises(TypeError) as ours:
        call(Ours)
    with pytest.raises(TypeError) as theirs:
        call(Theirs)
    assert str(ours.value) == str(theirs.value).replace("Theirs.", "")


def test_nothing_of_it_changes():
    pair = Pair(1, 2)
    for change in (lambda: setattr(pair, "left", 3), lambda: delattr(pair, "left")):
        with pytest.raises(FrozenError, match=r"Pair\.left cannot change"):
            change()
    assert pair == Pair(1, 2)
    assert len({pair, Pair(1, 2), Pair(1, 3)}) == 2


def test_order_is_that_of_the_fields_and_of_one_class_alone():
    assert sorted([Pair(2), Pair(1, 5), Pair(1)]) == [Pair(1), Pair(1, 5), Pair(2)]
    with pytest.raises(TypeError):
        _ = Pair(1) < (1, 0)
    with pytest.raises(TypeError):
        _ = Ours(name="a") < Ours(name="b")


def test_fields_are_inherited():
    assert repr(Triple(1)) == "Triple(left=1, right=0, third=9)"
    assert Triple(1) != Pair(1)
    match Triple(1, 2, 3):
        case Triple(left, right, third):
            assert (left, right, third) == (1, 2, 3)


def test_a_class_below_that_is_none_of_ours_keeps_its_kind():
    for _ in range(2):  # the first value is made by other means than the next
        nearer = Nearer(1, right=2)
        assert (type(nearer), nearer.left, nearer.right) == (Nearer, 1, 2)
        with pytest.raises(FrozenError):
            nearer.left = 3
    assert type(Pair(1)) is Pair


def test_values_are_made_by_many_threads_at_once():
    for _ in range(20):

        @immutable
        class Fresh:
            number: int

        with ThreadPoolExecutor(8) as pool:
            made_there = list(pool.map(lambda number, fresh=Fresh: fresh(number=number), range(50)))
        assert [value.number for value in made_there] == list(range(50))
        assert {type(value) for value in made_there} == {Fresh}


def test_a_copy_differs_where_it_is_told_to():
    assert replace(Pair(1, 2), right=5) == Pair(1, 5)
    assert copy.deepcopy(Pair(1, 2)) == pickle.loads(pickle.dumps(Pair(1, 2))) == Pair(1, 2)
    with pytest.raises(TypeError):
        replace(Pair(1), other=2)


def test_what_is_not_shown_is_there():
    hidden = Hidden(rule="r", secret="hunter2")
    assert "hunter2" not in repr(hidden)
    assert hidden.secret == "hunter2"
    assert hidden != Hidden(rule="r", secret="other")
    with pytest.raises(TypeError):
        Hidden(rule="r")


def test_a_mutable_one_changes_and_has_no_hash():
    box = Box()
    box.held.append(1)
    box.name = "b"
    assert box == Box([1], "b")
    with pytest.raises(TypeError, match="unhashable"):
        hash(box)
    with pytest.raises(AttributeError):
        box.other = 1


def test_the_standard_library_takes_them_for_its_own():
    assert dataclasses.asdict(Ours(name="a", tags={"x": 1})) == {"name": "a", "size": 3, "tags": {"x": 1}}
    assert [field.name for field in dataclasses.fields(Triple)] == ["left", "right", "third"]
    assert dataclasses.replace(Pair(1), right=4) == Pair(1, 4)
    assert dataclasses.is_dataclass(Pair)
