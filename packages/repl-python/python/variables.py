# The summary of what a REPL holds.
#
# Invariants: (1) bounded in rows and text; (2) no code of a value's own runs; (3) no value is kept: what code lets go
# of is freed; (4) `changed` compares address, size and preview, so a change deep inside a large object, or a value of
# the same look at the address of one that was freed, may go unnoticed.
from collections import deque
from types import ModuleType

from foreign import is_a, kind_name
from formatting import PREVIEW, formatted
from hits import Record
from utf16 import cut_to_units

MAX_UNITS = 80
MAX_LOOKED_AT = 1_000
SIZED = (str, bytes, bytearray, list, tuple, dict, set, frozenset, deque, range)


class Variables:
    """The variables of one namespace: names that code has set, modules apart."""

    def __init__(self, namespace, most_rows):
        self._namespace = namespace
        self._most_rows = most_rows
        self._own = set()
        self._before = {}
        self._now = {}

    def hide(self, names):
        """Names that are the REPL's own."""
        self._own.update(names)

    def start_block(self):
        """A new block begins; changes are counted from here."""
        self._before = self._now

    def summarize(self):
        """The rows, changed ones first where there are too many."""
        rows = self._look()
        self._now = {row["name"]: (row, address) for row, address in rows}
        rows = [row for row, _ in rows]
        if len(rows) <= self._most_rows:
            return rows
        newest_first = rows[::-1]
        return sorted(newest_first, key=lambda row: not row["changed"])[: self._most_rows]

    def listed(self):
        """The rows as code may have them."""
        return [
            Record((key, value) for key, value in row.items() if key != "changed") for row, _ in self._look()
        ]

    def _look(self):
        rows = []
        for name, value in list(self._namespace.items()):
            if len(rows) == MAX_LOOKED_AT:
                break
            if self._is_variable(name, value):
                rows.append((self._row(name, value), id(value)))
        return rows

    def _is_variable(self, name, value):
        is_name = type(name) is str and not (name.startswith("__") and name.endswith("__"))
        return is_name and name not in self._own and not is_a(value, ModuleType)

    def _row(self, name, value):
        row = {
            "name": cut_to_units(name, MAX_UNITS),
            "type": cut_to_units(kind_name(value), MAX_UNITS),
            "size": size_of(value),
            "preview": preview_of(value),
        }
        before, known = self._before.get(name, (None, None))
        same = before is not None and known == id(value) and all(before[key] == row[key] for key in row)
        return {**row, "changed": not same}


def size_of(value):
    """Characters of a text, elements of a collection."""
    for kind in SIZED:
        if is_a(value, kind):
            return kind.__len__(value)
    return None


def preview_of(value):
    try:
        text = formatted(value, PREVIEW)
    except BaseException:
        text = f"<{kind_name(value)}>"
    return cut_to_units(" ".join(text.split("\n")), MAX_UNITS)
