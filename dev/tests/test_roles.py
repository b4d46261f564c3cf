from dev import roles


def test_the_page_of_roles_says_what_the_doors_ask() -> None:
    assert roles.PAGE.read_text("utf-8") == roles.page(), "run python -m dev.roles"
