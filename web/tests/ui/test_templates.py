"""What the content security policy forbids is not written: no inline style or script, nothing from elsewhere."""

import re
from pathlib import Path

import pytest
from django.template.loader import get_template

import vallum_web
import vallum_web.ui

WEB = Path(vallum_web.__file__).parent
UI = Path(vallum_web.ui.__file__).parent
# A mail is a document of its own, read elsewhere (dev/lint/allowed.toml).
MAIL = WEB / "mail/templates/mail/letter.html"
TEMPLATES = sorted(path for path in WEB.rglob("templates/**/*") if path.suffix in {".html", ".svg"})
FORBIDDEN = {
    "an inline style": r"\sstyle\s*=|<style\b",
    "a script without src": r"<script\b(?![^>]*\ssrc=)",
    "an inline handler": r"\son[a-z]+\s*=|\shx-on\b",
    "an evaluated attribute": r"hx-(?:vals|headers|vars)=[\"']\s*js(?:on)?:|hx-vars\b|hx-trigger=\"[^\"]*\w\[",
    "a javascript address": r"javascript:",
    "a resource from elsewhere": r"<(?:script|link|img|iframe|use|source|form)\b[^>]*(?:src|href|action)=[\"'](?:https?:)?//",
    "a dialog": r"<dialog\b|hx-confirm|hx-prompt",
}


def name(path):
    return str(path.relative_to(WEB))


@pytest.mark.parametrize("path", [path for path in TEMPLATES if path != MAIL], ids=name)
def test_a_template_holds_nothing_that_runs_or_paints_inline(path):
    text = re.sub(r"{#.*?#}|{% comment %}.*?{% endcomment %}", "", path.read_text(), flags=re.DOTALL)
    found = {
        what: match[0] for what, pattern in FORBIDDEN.items() if (match := re.search(pattern, text, re.IGNORECASE))
    }
    assert found == {}


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_every_template_compiles(path):
    get_template(str(path).rpartition("/templates/")[2])


def test_every_icon_asked_for_is_drawn():
    drawn = set(re.findall(r'<symbol id="i-([\w-]+)"', (UI / "templates/ui/_sprite.html").read_text()))
    asked = {icon for path in TEMPLATES for icon in re.findall(r'{% icon "([\w-]+)"', path.read_text())}
    assert asked - drawn == set()


def test_our_sign_in_pages_stand_in_front_of_the_library_s():
    for template in ("account/login.html", "account/password_change.html", "allauth/layouts/base.html"):
        assert Path(get_template(template).origin.name).is_relative_to(UI)


@pytest.mark.parametrize("script", sorted((UI / "static/ui").glob("*.js")), ids=lambda script: script.name)
def test_scripts_are_small_and_evaluate_nothing(script):
    text = script.read_text()
    assert len(text.splitlines()) <= 120
    assert re.findall(r"\beval\b|new Function|innerHTML|outerHTML\s*=|insertAdjacentHTML|document\.write", text) == []
    assert re.findall(r"localStorage|document\.cookie|\.setItem\(", text) == []
    assert re.findall(r"https?://", text) == []
