"""Each rule on a line that breaks it, and on the nearest line that does not."""

import pytest

from dev.lint import runner
from dev.lint.rules import RULES
from dev.lint.source import Source

WEB = "web/src/vallum_web"
VIEW = f"{WEB}/findings/views.py"
MODEL = f"{WEB}/findings/models.py"
SERVICE = f"{WEB}/findings/services.py"
PURE = "engine/src/vallum_engine/secrets/detector.py"
GUARD = "guard/src/vallum_guard/http.py"
CLIENT = "client/src/vallum/upload.py"
PAGE = f"{WEB}/findings/templates/findings/worklist.html"
TEST = "web/tests/findings/test_worklist.py"

# Put together, because these very lines are read by the rules too.
REGISTRY = "registry npmjs org".replace(" ", ".")
CRATES = "crates io".replace(" ", ".")
HOME = "/" + "home/alice/vallum"
SILENT = "# " + "noqa"
UNTYPED = "# type" + ": ignore"


def case(name: str, rule: str, path: str, text: str) -> object:
    return pytest.param(rule, path, text, id=f"{rule}: {name}")


BROKEN = [
    case("a module of 401 lines", "file-length", PURE, "x = 1\n" * 401),
    case("a test of 601 lines", "file-length", TEST, "x = 1\n" * 601),
    case("utils", "file-name", f"{WEB}/findings/utils.py", ""),
    case("a package of helpers", "file-name", f"{WEB}/helpers/rows.py", ""),
    case("manager as an ending", "file-name", f"{WEB}/findings/finding_manager.py", ""),
    case("a test of helpers", "file-name", "engine/tests/test_helpers.py", ""),
    case("Product in models", "word", MODEL, "class Product(TenantModel): ..."),
    case("Issue in the engine's model", "word", "engine/src/vallum_engine/model/issue.py", "class Issue: ..."),
    case("a guard", "no-type-checking", PURE, "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import os\n"),
    case("a guard by module", "no-type-checking", PURE, "import typing as t\nif t.TYPE_CHECKING: ...\n"),
    case("ours in a function", "lazy-own-import", CLIENT, "def f():\n    from vallum_engine import wire  # speed\n"),
    case("ours in a method", "lazy-own-import", VIEW, "class A:\n    def f(self):\n        import vallum_web.assets\n"),
    case("a relative one", "lazy-own-import", VIEW, "def f():\n    from . import queries\n"),
    case("a foreign one without reason", "lazy-import", PURE, "def f():\n    import yaml\n"),
    case("by name", "import-by-name", CLIENT, "import importlib\nimportlib.import_module('vallum_engine.wire')\n"),
    case("urllib.request", "pure-engine", PURE, "import urllib.request\n"),
    case("a socket", "pure-engine", PURE, "from socket import create_connection\n"),
    case("Django", "pure-engine", PURE, "from django.db import models\n"),
    case("a third party", "small-guard", GUARD, "import httpx\n"),
    case("the engine", "small-guard", GUARD, "from vallum_engine import wire\n"),
    case("a mock", "no-mocks", TEST, "from unittest.mock import patch\n"),
    case("save in models", "model-flow", MODEL, "class Finding(TenantModel):\n    def save(self): ...\n"),
    case("save in a package of models", "model-flow", f"{WEB}/a/models/b.py", "class B(C):\n    def save(self): ...\n"),
    case("delete elsewhere", "model-flow", SERVICE, "class B(models.Model):\n    def delete(self): ...\n"),
    case("a receiver", "no-signals", SERVICE, "from django.dispatch import receiver\n"),
    case("a signal of Django", "no-signals", SERVICE, "from django.db.models.signals import post_save\n"),
    case("a signal of allauth", "no-signals", SERVICE, "from allauth.account import signals\n"),
    case("in a view", "door-reads", VIEW, "def f(request):\n    return Finding.objects.of(request.org)\n"),
    case("in a package of views", "door-reads", f"{WEB}/a/views/list.py", "x = Finding._default_manager\n"),
    case("in a task", "door-reads", f"{WEB}/scans/tasks.py", "Scan.objects.all()\n"),
    case("in a template", "door-reads", PAGE, "{{ request.org.assets.objects.count }}"),
    case("in a view", "transaction", VIEW, "from django.db import transaction\nwith transaction.atomic(): ...\n"),
    case("as a decorator", "transaction", VIEW, "from django.db.transaction import atomic\n@atomic\ndef f(): ...\n"),
    case("timezone.now", "one-clock", SERVICE, "from django.utils import timezone\ntimezone.now()\n"),
    case("a bare now", "one-clock", SERVICE, "from django.utils.timezone import now\nnow()\n"),
    case("datetime.now", "one-clock", SERVICE, "from datetime import UTC, datetime\ndatetime.now(UTC)\n"),
    case("as a default", "one-clock", MODEL, "import time\nx = Field(default=time.time)\n"),
    case("the engine", "one-clock", PURE, "import datetime as dt\ndt.datetime.now()\n"),
    case("swallowed", "broad-except", CLIENT, "try: ...\nexcept Exception:\n    log.exception('x')\n"),
    case("among others", "broad-except", CLIENT, "try: ...\nexcept (OSError, BaseException): ...\n"),
    case("bare", "broad-except", CLIENT, "try: ...\nexcept:\n    pass\n"),
    case("a bare noqa", "reason", PURE, f"x = 1  {SILENT}\n"),
    case("a noqa without reason", "reason", PURE, f"x = 1  {SILENT}: S105\n"),
    case("a type: ignore without code", "reason", PURE, f"x = 1  {UNTYPED}\n"),
    case("a type: ignore without reason", "reason", PURE, f"x = 1  {UNTYPED}[attr-defined]\n"),
    case("a style attribute", "inline", PAGE, '<td style="width: 3px">'),
    case("a style element", "inline", PAGE, "<style>"),
    case("an inline script", "inline", PAGE, "<script>go()</script>"),
    case("a handler", "inline", PAGE, '<a onclick="go()">'),
    case("a script in hx-on", "inline", PAGE, '<a hx-on:click="go()">'),
    case("a script in an address", "inline", PAGE, '<a href="javascript:go()">'),
    case("a foreign script", "inline", PAGE, '<script src="https://cdn.example.com/x.js"></script>'),
    case("a foreign style sheet", "inline", PAGE, '<link rel="stylesheet" href="//cdn.example.com/x.css">'),
    case("marked as safe", "unescaped", PAGE, "{{ finding.message|safe }}"),
    case("switched off", "unescaped", PAGE, "{% autoescape off %}{{ finding.message }}{% endautoescape %}"),
    case("in a text file", "registry-host", "docs/operations.md", f"see https://{REGISTRY}/left-pad"),
    case("crates in an address", "registry-host", "docs/operations.md", f"https://{CRATES}/crates/serde"),
    case("a home", "machine-path", "docs/operations.md", f"cd {HOME}"),
]

CLEAN = [
    case("exactly 400 lines", "file-length", PURE, "x = 1\n" * 400),
    case("a test of 600 lines", "file-length", TEST, "x = 1\n" * 600),
    case("a long text", "file-length", "docs/architecture.md", "x\n" * 900),
    case("a base template", "file-name", f"{WEB}/ui/templates/ui/base.html", ""),
    case("a word that contains one", "file-name", f"{WEB}/findings/baseline.py", ""),
    case("an account outside models", "word", f"{WEB}/embedded/product.py", "class Product: ..."),
    case("types imported plainly", "no-type-checking", PURE, "from typing import TYPE_CHECKED\n"),
    case("ours at the top", "lazy-own-import", CLIENT, "from vallum_engine import wire\n"),
    case("ours in a test", "lazy-own-import", TEST, "def test():\n    import vallum_engine\n"),
    case("a foreign one with reason", "lazy-import", PURE, "def f():\n    import yaml  # 32 ms, and few files need it\n"),
    case("at the top in a try", "lazy-import", PURE, "try:\n    import hyperscan\nexcept ImportError: ...\n"),
    case("by name in its place", "import-by-name", "engine/src/vallum_engine/plugins.py", "import_module('x')\n"),
    case("quoting an address", "pure-engine", PURE, "from urllib.parse import quote\n"),
    case("the client may", "pure-engine", CLIENT, "import socket\n"),
    case("the standard library", "small-guard", GUARD, "import http.client\nfrom vallum_guard import urls\n"),
    case("a thing of one's own", "no-mocks", TEST, "from dev.fakes import server\n"),
    case("a form's save", "model-flow", f"{WEB}/accounts/forms.py", "class F(ModelForm):\n    def save(self): ...\n"),
    case("a save of something else", "model-flow", SERVICE, "class Draft:\n    def save(self): ...\n"),
    case("the operating system's signals", "no-signals", SERVICE, "import signal\n"),
    case("in queries", "door-reads", f"{WEB}/findings/queries.py", "Finding.objects.of(org)\n"),
    case("the word in a text", "door-reads", PAGE, "<p>Kubernetes objects</p>"),
    case("in a service", "transaction", SERVICE, "from django.db import transaction\ntransaction.atomic()\n"),
    case("in tenancy", "transaction", f"{WEB}/tenancy/scopes.py", "from django.db import transaction\ntransaction.atomic()\n"),
    case("after the commit", "transaction", VIEW, "from django.db import transaction\ntransaction.on_commit(f)\n"),
    case("the clock itself", "one-clock", f"{WEB}/tenancy/clock.py", "from datetime import datetime\ndatetime.now()\n"),
    case("the machine's own", "one-clock", f"{WEB}/embedded/doctor.py", "import time\ntime.time()\n"),
    case("a duration", "one-clock", SERVICE, "import time\ntime.monotonic()\n"),
    case("a now of ours", "one-clock", SERVICE, "from vallum_web.tenancy import clock\nclock.now()\n"),
    case("raised again", "broad-except", CLIENT, "try: ...\nexcept BaseException:\n    undo()\n    raise\n"),
    case("with a reason", "broad-except", CLIENT, "try: ...\nexcept Exception:  # a plug-in may fail in any way\n    pass\n"),
    case("the expected", "broad-except", CLIENT, "try: ...\nexcept OSError: ...\n"),
    case("a noqa with reason", "reason", PURE, f"x = 1  {SILENT}: S105, E501 - the name of a kind\n"),
    case("a type: ignore with reason", "reason", PURE, f"x = 1  {UNTYPED}[misc]  # the stub is wrong\n"),
    case("the words in a string", "reason", PURE, f"x = '{SILENT}'\n"),
    case("a script of ours", "inline", PAGE, "<script src=\"{% static 'ui/app.js' %}\" defer></script>"),
    case("a link elsewhere", "inline", PAGE, '<a href="https://example.com" data-style="x">online = "1"</a>'),
    case("a comment", "inline", PAGE, "{# no <style> and no <script> here #}"),
    case("plain text", "unescaped", PAGE, "{{ finding.message }} is safe"),
    case("a report of the engine", "inline", "engine/src/vallum_engine/reports/page.html", "<style>"),
    case("the ecosystem's name", "registry-host", PURE, f"ECOSYSTEM = '{CRATES}'\n"),
    case("a longer name", "registry-host", "docs/a.md", f"https://my{REGISTRY}.example.com"),
    case("an address that has such a folder", "machine-path", "docs/a.md", f"https://example.com{HOME}"),
    case("a variable", "machine-path", "docs/a.md", f"$DIR{HOME} ~{HOME}"),
]  # fmt: skip


def broken(path: str, text: str) -> set[str]:
    return {problem.rule for problem in runner.problems(Source(path=path, text=text))}


@pytest.mark.parametrize(("rule", "path", "text"), BROKEN)
def test_breaks_the_rule(rule: str, path: str, text: str) -> None:
    assert rule in broken(path, text)


@pytest.mark.parametrize(("rule", "path", "text"), CLEAN)
def test_keeps_the_rule(rule: str, path: str, text: str) -> None:
    assert rule not in broken(path, text)


@pytest.mark.parametrize("table", [BROKEN, CLEAN], ids=["broken", "clean"])
def test_every_rule_has_a_case(table: list[object]) -> None:
    assert {case.values[0] for case in table} == {rule.name for rule in RULES}  # type: ignore[attr-defined]  # pytest's own type
