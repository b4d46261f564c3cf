import json
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from dev.lint import runner
from dev.lint.rules import RULES
from dev.new import __main__ as new
from dev.new import adr, lockfile, page, secret
from vallum_engine.model.file import File
from vallum_engine.secrets import rulebook, rulefile, samples
from vallum_engine.secrets.detector import SecretsDetector
from vallum_engine.secrets.rule import Rule
from vallum_engine.triggers import collect

ROOT = Path(__file__).resolve().parents[2]
FINDINGS = f"{page.APPS}/findings"
MODELS = '"""Findings."""\n\nfrom vallum_web.tenancy.models import TenantModel\n\n\nclass Finding(TenantModel): ...\n'
VIEWS = '''"""Pages."""

from django.http import HttpRequest, HttpResponse


def worklist(request: HttpRequest) -> HttpResponse:
    return HttpResponse(request.path)
'''
URLS = """from django.urls import path

from vallum_web.findings import views

app_name = "findings"
urlpatterns = [path("findings/", views.worklist, name="worklist")]
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A checkout with what scaffolds add to."""
    for folder in (secret.RULES, lockfile.FORMATS, adr.FOLDER):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / FINDINGS).mkdir(parents=True)
    for name, text in {
        "__init__.py": "",
        "apps.py": "",
        "models.py": MODELS,
        "views.py": VIEWS,
        "urls.py": URLS,
    }.items():
        (tmp_path / FINDINGS / name).write_text(text)
    return tmp_path


KINDS = {
    "adr": "a-second-database",
    "lockfile": "Crystal/shard.lock",
    "page": "findings/per_month",
    "secret": "northwind-deploy-key",
}


def made(tree: Path, kind: str, name: str) -> list[Path]:
    """What a scaffold wrote or wrote anew."""
    before = files(tree)
    assert new.main([kind, name], tree) == 0
    return sorted(path for path, data in files(tree).items() if before.get(path) != data)


def files(tree: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in tree.rglob("*") if path.is_file() and ".ruff_cache" not in path.parts}


@pytest.mark.parametrize(("kind", "name"), KINDS.items(), ids=KINDS)
def test_what_it_makes_passes_the_checks(kind: str, name: str, tree: Path) -> None:
    paths = [str(path.relative_to(tree)) for path in made(tree, kind, name)]
    code = [path for path in paths if path.endswith(".py")]
    for check in ["format", "--check"], ["check"]:
        subprocess.run([sys.executable, "-m", "ruff", *check, "--quiet", *code, "pyproject.toml"], check=True, cwd=tree)
    found = runner.judge(runner.sources(tree, paths), {}, RULES)
    assert [str(problem) for problem in found] == []


@pytest.mark.parametrize(("kind", "name"), KINDS.items(), ids=KINDS)
def test_it_overwrites_nothing(kind: str, name: str, tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made(tree, kind, name)
    before = files(tree)
    assert new.main([kind, name], tree) == 2
    assert files(tree) == before
    assert "make new: " in capsys.readouterr().err


@pytest.mark.parametrize(("kind", "name"), KINDS.items(), ids=KINDS)
def test_it_says_what_to_do_next(kind: str, name: str, tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made(tree, kind, name)
    assert "\n- " in capsys.readouterr().out


@pytest.mark.parametrize(
    "name", ["northwind-deploy-key", "github-second-token"], ids=["new provider", "known provider"]
)
def test_a_secrets_rule_loads_and_proves_itself(name: str, tree: Path) -> None:
    made(tree, "secret", name)
    path = tree / secret.RULES / f"{name.partition('-')[0]}.toml"
    ((found, proof),) = [pair for pair in rulefile.read(path.read_text(), path.name) if pair[0].id == name]
    assert [rules_that_find(found, leak) for leak in proof.leaks] == [[name]]
    assert [rules_that_find(found, clean) for clean in proof.clean] == [[]]


def rules_that_find(found: Rule, sample: str) -> list[str]:
    detector = SecretsDetector(rulebook.build([found]))
    plan = collect([detector])
    data = samples.fill(sample).encode()
    hits = plan.load(plan.compile()).hits(data).get(0, ())
    return [finding.rule for finding in detector.detect(File(path="src/shop.ts", data=data), hits)]


def test_the_rules_of_a_known_provider_stay(tree: Path) -> None:
    path = tree / secret.RULES / "github.toml"
    before = tomllib.loads(path.read_text())["rule"]
    made(tree, "secret", "github-second-token")
    assert tomllib.loads(path.read_text())["rule"][:-1] == before


def test_a_lockfile_format_reads_its_example(tree: Path) -> None:
    made(tree, "lockfile", "Crystal/shard.lock")
    space: dict[str, object] = {}
    exec((tree / lockfile.FORMATS / "shard_lock.py").read_text(), space)
    example = tree / lockfile.EXAMPLES / "shard_lock" / "shard.lock"
    (package,) = space["extract"](File(path="shard.lock", data=example.read_bytes()))  # type: ignore[operator]  # made above
    told = json.loads(example.with_name("expected.json").read_text())[example.name]["packages"]
    assert [{"name": package.name, "version": package.version, "line": package.location.line}] == told
    assert package.ecosystem == "Crystal"


def test_a_table_keeps_its_order() -> None:
    text = 'NAMES: dict[str, str] = {\n    "a": "1",\n    "c": "3",\n}\n'
    for key in ("b", "d"):
        text = lockfile.with_entry(text, "NAMES", key, "2")
    assert [line.split('"')[1] for line in text.splitlines()[1:-1]] == ["a", "b", "c", "d"]


def test_a_page_gets_query_view_route_and_templates(tree: Path) -> None:
    paths = made(tree, "page", "findings/per_month")
    assert [str(path.relative_to(tree / FINDINGS)) for path in paths] == [
        "queries.py",
        "templates/findings/_per_month.html",
        "templates/findings/per_month.html",
        "urls.py",
        "views.py",
    ]
    assert "Finding.objects.of(org)" in (tree / FINDINGS / "queries.py").read_text()
    assert "def per_month(request: MemberRequest)" in (tree / FINDINGS / "views.py").read_text()
    assert (
        'path("findings/per-month/", views.per_month, name="per_month"),\n]'
        in (tree / FINDINGS / "urls.py").read_text()
    )


def test_a_page_of_an_app_without_models_has_a_query_too(tree: Path) -> None:
    (tree / FINDINGS / "models.py").unlink()
    made(tree, "page", "findings/per_month")
    assert "def per_month(org: Org)" in (tree / FINDINGS / "queries.py").read_text()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        pytest.param([], "KIND=", id="nothing"),
        pytest.param(["policy", "x"], "KIND=", id="an unknown kind"),
        pytest.param(["secret", "Token"], "no rule id", id="a rule id in capitals"),
        pytest.param(["secret", "token"], "no rule id", id="a rule id of one word"),
        pytest.param(["secret", "github-personal-access-token"], "exists in", id="a rule that is there"),
        pytest.param(["page", "findings"], "no page", id="a page without app"),
        pytest.param(["page", "nowhere/page"], "no app nowhere", id="an app that is not there"),
        pytest.param(["page", "findings/worklist"], "already", id="a view that is there"),
        pytest.param(["lockfile", "gradle"], "no format", id="a format without ecosystem"),
        pytest.param(["lockfile", "npm/yarn.lock"], "already", id="a format that is there"),
        pytest.param(["adr", "A Title"], "no title", id="a title in capitals"),
    ],
)
def test_it_refuses_and_says_why(
    arguments: list[str], told: str, tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = files(tree)
    assert new.main(arguments, tree) == 2
    assert told in capsys.readouterr().err
    assert files(tree) == before
