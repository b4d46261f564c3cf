import json
import re

import pytest
from django import forms
from django.template import Context, Engine
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.views.defaults import page_not_found, server_error

pytestmark = pytest.mark.urls("allauth.account.urls")
PAGE = """{% extends "ui/app.html" %}{% block title %}Things & more{% endblock %}
{% block content %}<p>content</p>{% endblock %}{% block panel %}<h2>panel</h2>{% endblock %}"""


def page(**context):
    return Engine.get_default().from_string(PAGE).render(Context({"csrf_token": "token", **context}))


def test_the_title_is_written_once_and_shown_twice():
    html = page()
    assert "<title>Things & more · Vallum</title>" in html
    assert "<h1>Things & more</h1>" in html


def test_htmx_is_told_to_evaluate_and_store_nothing():
    config = json.loads(re.search(r"name=\"htmx-config\" content='([^']+)'", page())[1])
    assert config["allowEval"] is False
    assert config["allowScriptTags"] is False
    assert config["includeIndicatorStyles"] is False
    assert config["historyCacheSize"] == 0
    assert config["historyRestoreAsHxRequest"] is False
    assert "django_htmx/htmx-2.min.js" in page()


@pytest.mark.parametrize(
    ("theme", "expected"),
    [
        pytest.param("", '<html lang="en">', id="nobody chose"),
        pytest.param("system", '<html lang="en">', id="the system's"),
        pytest.param("dark", '<html lang="en" data-theme="dark">', id="dark"),
        pytest.param("light", '<html lang="en" data-theme="light">', id="light"),
    ],
)
def test_the_theme_is_decided_by_the_server(theme, expected):
    assert expected in page(theme=theme)


def test_the_sidebar_shows_what_it_is_given():
    html = page(
        ribbon="Demo",
        switcher={"label": "One", "entries": [{"label": "One", "url": "/one", "current": True}]},
        nav=[
            {
                "label": "Work",
                "entries": [{"label": "List", "url": "/list", "icon": "list", "count": 0, "current": True}],
            }
        ],
        account={"name": "Alice", "email": "alice@example.org", "entries": []},
        crumbs=[("Up", "/up")],
    )
    for expected in (
        '<aside class="ribbon" aria-label="Notice">Demo</aside>',
        '<a class="nav-item" href="/list" aria-current="page">',
        '<span class="count">0</span>',
        '<a href="/up">Up</a>',
        'action="/logout/"',
        '<section id="panel" aria-label="Detail"><h2>panel</h2></section>',
    ):
        assert expected in html


def test_signing_out_is_a_form_with_a_token():
    html = page(account={"name": "", "email": "alice@example.org", "entries": []})
    assert re.search(r'<form method="post" action="/logout/"><input type="hidden" name="csrfmiddlewaretoken"', html)


def test_two_missing_pages_are_the_same_page():
    """A stranger must not tell what is missing from what is hidden: no path, token, nonce or id in the answer."""
    bodies = set()
    for path in ("/o/alices/findings/1/", "/nowhere/?q=x"):
        request = RequestFactory().get(path)
        bodies.add(page_not_found(request, Exception("secret reason")).content)
    (body,) = bodies
    for leak in (b"csrf", b"nonce", b"<script", b"findings", b"nowhere", b"secret"):
        assert leak not in body


def test_a_broken_server_still_answers_in_our_look():
    response = server_error(RequestFactory().get("/"))
    assert response.status_code == 500
    assert b"Something broke on our side" in response.content


class Example(forms.Form):
    name = forms.CharField(help_text="Letters only.")
    note = forms.CharField(required=False)
    sure = forms.BooleanField(required=False, help_text="Think twice.")


def test_a_field_ties_label_help_and_error_together():
    form = Example({"name": ""})
    html = render_to_string("ui/_form.html", {"form": form})
    assert '<label for="id_name">Name</label>' in html
    assert 'aria-describedby="id_name_helptext id_name_error"' in html
    assert 'id="id_name_error"' in html
    assert 'aria-invalid="true"' in html
    assert 'id="id_name_helptext">Letters only.' in html
    assert 'Note <span class="optional">optional</span>' in html
    assert html.index('type="checkbox"') < html.index('for="id_sure"')
