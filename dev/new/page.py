"""A page of the platform: one query, one view, one route, one template and the fragment it includes."""

import ast
import re
from pathlib import Path

from dev.new.plan import Plan, Refused

APPS = "web/src/vallum_web"
_ID = re.compile(r"([a-z]+)/([a-z]+(?:_[a-z]+)*)")

_QUERY_IMPORTS = "from vallum_web.tenancy.models import Org, OrgQuerySet\n"
_QUERY = '''

def {name}(org: Org) -> OrgQuerySet[{model}]:
    """What the page {title} shows."""
    return {model}.objects.of(org).order_by("pk")
'''
_JOINED_IMPORTS = "from vallum_web.tenancy.models import Org\n"
_JOINED = '''

def {name}(org: Org) -> tuple[str, ...]:
    """What the page {title} shows."""
    return (org.name,)
'''
_VIEW_IMPORTS = """\
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from vallum_web.accounts.access import MemberRequest, may
from vallum_web.{app} import queries
"""
_VIEW = """

@require_safe
@vary_on_headers("HX-Request")
@may("findings.read")
def {name}(request: MemberRequest) -> HttpResponse:
    template = "{app}/_{name}.html" if request.headers.get("HX-Request") else "{app}/{name}.html"
    return render(request, template, {{"rows": queries.{name}(request.org)[:50]}})
"""
_URLS = """\
from django.urls import path

from vallum_web.{app} import views

app_name = "{app}"
urlpatterns = []
"""
_PAGE = """\
{{% extends "accounts/page.html" %}}
{{# The page includes its own fragment, so the two cannot differ. #}}
{{% block title %}}{title}{{% endblock %}}
{{% block content %}}
<div id="{name}" aria-live="polite">{{% include "{app}/_{name}.html" %}}</div>
{{% endblock %}}
"""
_FRAGMENT = """\
{{# Context: rows. #}}
<ul>
  {{% for row in rows %}}<li>{{{{ row }}}}</li>
  {{% empty %}}<li>Nothing here yet.</li>
  {{% endfor %}}
</ul>
"""


def plan(name: str, root: Path) -> Plan:
    found = _ID.fullmatch(name)
    if not found:
        raise Refused(f"{name!r} is no page: give app and name, as in findings/trends.")
    app, page = found[1], found[2]
    folder = f"{APPS}/{app}"
    if not (root / folder / "apps.py").exists():
        raise Refused(f"There is no app {app} in {APPS}. A new app is a decision: write its ADR first.")
    words = {"app": app, "name": page, "title": page.replace("_", " ").capitalize()}
    templates = {f"{folder}/templates/{app}/{page}.html": _PAGE, f"{folder}/templates/{app}/_{page}.html": _FRAGMENT}
    code = {
        f"{folder}/queries.py": _query(root / folder, words),
        f"{folder}/views.py": _added(root / folder / "views.py", _VIEW_IMPORTS.format(**words), _VIEW.format(**words)),
        f"{folder}/urls.py": _route(root / folder / "urls.py", words),
    }
    return Plan(
        create={path: text.format(**words) for path, text in templates.items()}
        | {path: text for path, text in code.items() if not (root / path).exists()},
        change={path: text for path, text in code.items() if (root / path).exists()},
        todo=(
            f"Shape the query in {folder}/queries.py, and the fragment; add a link to the page.",
            f"See that {APPS}/config/urls.py includes vallum_web.{app}.urls.",
            "Write one flow that opens it as a member. Strangers are covered: the resolver's walk finds the route.",
            "Look at it: make run, then make shots.",
        ),
    )


def _query(folder: Path, words: dict[str, str]) -> str:
    if model := _first_model(folder / "models.py"):
        imports = _QUERY_IMPORTS + f"from vallum_web.{words['app']}.models import {model}\n"
        return _added(folder / "queries.py", imports, _QUERY.format(**words, model=model))
    return _added(folder / "queries.py", _JOINED_IMPORTS, _JOINED.format(**words))


def _first_model(path: Path) -> str:
    if path.exists():
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.ClassDef) and any(ast.unparse(base) == "TenantModel" for base in node.bases):
                return node.name
    return ""


def _added(path: Path, imports: str, code: str) -> str:
    """The file with imports and code added: both at their ends, ruff puts them in order."""
    text = path.read_text("utf-8") if path.exists() else ""
    tree = ast.parse(text)
    name = next(node.name for node in ast.parse(code).body if isinstance(node, ast.FunctionDef))
    if any(isinstance(node, ast.FunctionDef) and node.name == name for node in tree.body):
        raise Refused(f"{path.name} has a function {name} already: choose another name.")
    lines = text.splitlines(keepends=True)
    last = [node.end_lineno or 0 for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    first = tree.body[0].end_lineno or 0 if tree.body and ast.get_docstring(tree) else 0
    at = max([first, *last])
    return "".join([*lines[:at], "\n" if at == first else "", imports, *lines[at:]]).rstrip("\n") + "\n" + code


def _route(path: Path, words: dict[str, str]) -> str:
    """The routes with one more at their end."""
    text = path.read_text("utf-8") if path.exists() else _URLS.format(**words)
    lists = [
        node.value
        for node in ast.parse(text).body
        if isinstance(node, ast.Assign) and "urlpatterns" in map(ast.unparse, node.targets)
    ]
    if not lists or not isinstance(lists[0], ast.List):
        raise Refused(f"{path.name} has no plain list urlpatterns: add the route by hand.")
    routes = lists[0]
    lines = text.splitlines(keepends=True)
    end, column = (routes.end_lineno or 1) - 1, (routes.end_col_offset or 1) - 1
    slug = words["name"].replace("_", "-")
    comma = "," if routes.elts and not _ends_with_comma(lines, end, column) else ""
    under = f"{words['app']}/" if f'path("{words["app"]}/' in text else ""
    route = f'{comma}path("{under}{slug}/", views.{words["name"]}, name="{words["name"]}"),'
    lines[end] = lines[end][:column] + route + lines[end][column:]
    return "".join(lines)


def _ends_with_comma(lines: list[str], end: int, column: int) -> bool:
    return "".join([*lines[:end], lines[end][:column]]).rstrip().endswith(",")
