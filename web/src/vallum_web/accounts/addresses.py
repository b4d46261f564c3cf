"""E-mail addresses in the one form that is kept: two that reach the same mailbox are one, two that only look alike are two. Pure."""


def normal(text: str) -> str:
    """`Alice@EXÄMPLE.test` is `alice@xn--exmple-cua.test`. Raises ValueError where the address is not taken.

    Names of hosts from other alphabets are kept as the net knows them: letters that only look like ours no longer
    do. What stands behind a plus belongs to the name, for some hosts do not read it otherwise.
    """
    name, at, host = text.strip().rpartition("@")
    if not at or not name or not host:
        raise ValueError("Write an e-mail address, such as alice@example.com.")
    if not name.isascii() or not name.isprintable() or '"' in name or " " in name:
        raise ValueError("Before the @, write plain letters, digits and signs, without quotes.")
    try:
        ascii_host = host.encode("idna").decode("ascii")
    except UnicodeError:
        raise ValueError(f"{host[:80]!r} is no name of a host.") from None
    return f"{name}@{ascii_host}".lower()


def looked_up(text: str) -> str:
    """As `normal`, for what somebody types in to be found: what is no address finds nobody."""
    try:
        return normal(text)
    except ValueError:
        return text.strip().lower()
