import pytest

from vallum_web.tenancy.figures import BrokenFigureError, Figure, _found, declared, figure, in_every_org
from vallum_web.tenancy.models import Org
from vallum_web.trust.clauses import clauses


def made(**more):
    return Figure(**{"id": "one", "clauses": ("PP-4e",), "words": "days", "query": lambda: 1, "at_most": 366, **more})


@pytest.mark.parametrize(
    ("bounds", "value", "holds"),
    [
        pytest.param({"at_most": 0}, 0, True, id="at its bound"),
        pytest.param({"at_most": 0}, 1, False, id="above"),
        pytest.param({"at_most": None, "at_least": 1}, 0, False, id="below"),
        pytest.param({"at_most": 366, "at_least": 1}, 40, True, id="between"),
    ],
)
def test_a_figure_keeps_its_bounds(bounds, value, holds):
    assert made(**bounds).holds(value) is holds


def test_a_figure_without_a_bound_says_nothing():
    with pytest.raises(BrokenFigureError, match="'one'"):
        made(at_most=None)
    told = made(at_most=None, says=("apart", "beside"))
    assert (told.bound, told.holds(1)) == ("", True)


def test_a_name_is_one_figures():
    figure("twice", "PP-4e", words="days", at_most=1)(lambda: 1)
    try:
        assert "twice" in {each.id for each in declared()}
        with pytest.raises(BrokenFigureError, match="'twice'"):
            figure("twice", "PP-4e", words="days", at_most=1)(lambda: 1)
    finally:
        del _found["twice"]


def test_every_declared_figure_speaks_for_clauses_that_exist():
    named = {clause for each in declared() for clause in each.clauses}
    assert sorted(named - clauses().keys()) == []


@pytest.mark.django_db
def test_a_figure_over_organizations_sees_each_in_its_own_scope(people):
    def named(org):
        return float(Org.objects.filter(pk=org).count() + Org.objects.count())

    assert list(in_every_org(named)) == [2.0, 2.0]
    assert list(in_every_org(lambda _: None)) == []
