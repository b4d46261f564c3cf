"""How names and sizes are written for a person."""


def printable(name: str) -> str:
    r"""The name with whatever cannot be shown (bytes that are no UTF-8, control and bidi characters) as `\xff`, `\u202e`."""
    if name.isprintable():
        return name
    shown = name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in shown)


def size(count: int) -> str:
    """A number of bytes as a person reads it: 10 MiB, 2.5 GiB."""
    amount = float(count)
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if amount < 1024 or unit == "GiB":
            break
        amount /= 1024
    return f"{amount:.1f}".removesuffix(".0") + f" {unit}"
