import re

from django.test import Client

TABS = re.compile(r'<li><a href="(/accounts/[^"]+)"( aria-current="page")?>([^<]+)</a></li>')


def test_your_account_is_one_place_with_tabs(signed_in, alice):
    browser = signed_in(alice)
    first = browser.get("/accounts/profile/").content.decode()
    assert 'href="/accounts/profile/">Your account' in first
    tabs = TABS.findall(first)
    assert [label for _, _, label in tabs][:3] == ["Profile", "Email", "Password"]
    for address, _, _ in tabs:
        page = browser.get(address)
        assert page.status_code == 200
        assert [found for found, here, _ in TABS.findall(page.content.decode()) if here] == [address]


def test_a_person_says_how_they_are_called_and_what_pages_look_like(signed_in, alice):
    browser = signed_in(alice)
    answer = browser.post("/accounts/profile/", {"name": "Alice A.", "theme": "dark"}, follow=True)
    assert answer.redirect_chain == [("/accounts/profile/", 302)]
    page = answer.content.decode()
    assert 'data-theme="dark"' in page
    assert 'value="Alice A."' in page


def test_a_name_is_one_line(signed_in, alice):
    answer = signed_in(alice).post("/accounts/profile/", {"name": "a\nb", "theme": "dark"})
    assert answer.status_code == 422
    alice.refresh_from_db()
    assert (alice.name, alice.theme) == ("Alice", "system")


def test_it_is_for_who_is_signed_in(db):
    assert Client().get("/accounts/profile/")["Location"] == "/accounts/login/?next=/accounts/profile/"
