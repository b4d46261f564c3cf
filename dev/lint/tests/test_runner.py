import subprocess
from pathlib import Path

from dev.lint import runner
from dev.lint.rules import RULES
from dev.lint.source import Source

ROOT = Path(__file__).resolve().parents[3]
VIEW = "web/src/vallum_web/findings/views.py"
READS = "x = 1\nFinding.objects.all()\n"


def test_a_problem_says_where_what_and_what_to_do() -> None:
    (problem,) = runner.problems(Source(path=VIEW, text=READS))
    assert str(problem) == (
        f"{VIEW}:2: door-reads: Finding.objects in a door: move the read to queries.py, the write to services.py"
    )


def test_an_allowance_covers_its_file_and_rule_only() -> None:
    tree = [Source(path=VIEW, text=READS), Source(path=VIEW.replace("views", "api"), text=READS)]
    found = runner.judge(tree, {("door-reads", VIEW): "an example"})
    assert [problem.path for problem in found] == [VIEW.replace("views", "api")]


def test_an_allowance_that_covers_nothing_is_a_problem() -> None:
    (problem,) = runner.judge([], {("door-reads", VIEW): "an example"})
    assert (problem.rule, problem.path) == ("allowed", runner.ALLOWED)


def test_what_is_not_python_is_named_once() -> None:
    (problem,) = runner.problems(Source(path=VIEW, text="def (\n"))
    assert problem.rule == "syntax"


def test_a_form_feed_moves_no_line() -> None:
    (problem,) = runner.problems(Source(path=VIEW, text="'\x0c\\\n\u2028'\n" + "Finding.objects.all()\n"))
    assert problem.line == 3


def test_the_tree_is_what_git_knows_or_would_add(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / ".gitignore").write_text("hidden.py\n")
    for name in ("hidden.py", "new.py", "old.py"):
        (tmp_path / name).write_text("x = 1\n")
    subprocess.run(["git", "-C", str(tmp_path), "add", "old.py"], check=True)
    assert runner.tracked(tmp_path) == [".gitignore", "new.py", "old.py"]


def test_data_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "picture.py").write_bytes(b"\0\xff")
    (tmp_path / "latin.py").write_bytes("ä".encode("latin-1"))
    assert list(runner.sources(tmp_path, ["picture.py", "latin.py", "gone.py"])) == []


def test_migrations_are_bound_by_nothing(tmp_path: Path) -> None:
    path = tmp_path / "web" / "migrations" / "0001_initial.py"
    path.parent.mkdir(parents=True)
    path.write_text("x = 1\n" * 900)
    assert list(runner.sources(tmp_path, ["web/migrations/0001_initial.py"])) == []


def test_names_of_rules_are_unique() -> None:
    names = [rule.name for rule in RULES]
    assert len(names) == len(set(names))
