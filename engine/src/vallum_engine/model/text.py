"""How names and sizes are written for a person."""


def printable(name: str) -> str:
    r"""The name with whatever cannot be shown (bytes that are no UTF-8, control and bidi characters) as `\xff`, `\u202e`."""
    if name.isprintable():
        return name
    return "".join(char if char.isprintable() else _escaped(char) for char in name)


def _escaped(char: str) -> str:
    if "\udc80" <= char <= "\udcff":  # how Python keeps a byte that is no UTF-8
        return f"\\x{ord(char) - 0xDC00:02x}"
    return char.encode("unicode_escape").decode("ascii")


def size(count: int) -> str:
    """A number of bytes as a person reads it: 10 MiB, 2.5 GiB."""
    amount = float(count)
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if amount < 1024 or unit == "GiB":
            break
        amount /= 1024
    return f"{amount:.1f}".removesuffix(".0") + f" {unit}"
