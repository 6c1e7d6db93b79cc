# Positions in payloads are UTF-16 units, as everywhere on the wire; texts of Python count whole characters.
import re

HALF_PAIR = re.compile("[\ud800-\udfff]")


def units_of(text):
    """UTF-16 units of a text."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def joined_pairs(text):
    """The text with halves that stand beside each other made one character."""
    if HALF_PAIR.search(text) is None:
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


def cut_to_units(text, units):
    """As much of the text as fits, an ellipsis at its end where something is left out."""
    if units_of(text) <= units:
        return text
    short = text[: units - 1]
    while units_of(short) > units - 1:
        short = short[:-1]
    return short + "…"
