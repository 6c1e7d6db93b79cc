# Values of code as JSON text for the host.
#
# Invariants: (1) the text is complete JSON, or a TypeError that names the place is raised; (2) time and size are
# bounded by the limits, whatever the value; (3) only what is built in is asked: no method of the code's own runs.
import datetime
from decimal import Decimal
from json import dumps
from math import isfinite
from types import CoroutineType

from foreign import exact_text, has_method, is_a, kind_name

# Whole numbers up to here are exact in every JSON reader.
# From here on JSON is written with an exponent, which is read as a float.
LEAST_WITH_EXPONENT = 10**21
SAFE_INTEGER = 2**53

ADVICE = (
    ((bytes, bytearray, memoryview), "bytes; use value.decode() or list(value)"),
    ((set, frozenset), "a set; use list(value) or sorted(value)"),
    ((complex,), "a complex number; use [value.real, value.imag]"),
    ((Decimal,), "a Decimal; use str(value) or float(value)"),
    ((datetime.date, datetime.time), "a date or time; use value.isoformat()"),
    ((datetime.timedelta,), "a timedelta; use value.total_seconds()"),
    ((BaseException,), "an exception; use str(value)"),
    ((range,), "a range; use list(value)"),
    ((type,), "a class"),
)


class Encoder:
    """One walk over a value. `plain_of` tells what an object of the REPL's own stands for."""

    def __init__(self, what, limits, plain_of):
        self._what = what
        self._limits = limits
        self._plain_of = plain_of
        self._nodes = 1
        self._size = 0
        self._open = set()

    def text(self, value):
        plain = self._plain(value, "")
        text = dumps(plain, ensure_ascii=False, separators=(",", ":"))
        if len(text) > self._limits["argumentSize"]:
            raise self._too_large()
        return text

    def _plain(self, value, path):
        if value is None or value is True or value is False:
            return value
        if is_a(value, str):
            return self._sized(exact_text(value))
        if is_a(value, int):
            return self._integer(int.__int__(value), path)
        if is_a(value, float):
            return self._number(float.__float__(value), path)
        if is_a(value, (list, tuple)):
            return self._list(value, path)
        if is_a(value, dict):
            return self._dict(value, path)
        text = self._plain_of(value)
        if is_a(text, str):
            return self._sized(text)
        raise self._refusal(path, text or kind_of(value))

    def _sized(self, text):
        self._size += len(text)
        if self._size > self._limits["argumentSize"]:
            raise self._too_large()
        return text

    def _integer(self, value, path):
        if abs(value) > SAFE_INTEGER and not is_kept(value):
            raise self._refusal(path, "a whole number that JSON does not keep exactly; use str(value) or float(value)")
        return value

    def _number(self, value, path):
        if not isfinite(value):
            raise self._refusal(path, f"{value}, which JSON does not have")
        return value or 0

    def _list(self, value, path):
        base = list if is_a(value, list) else tuple
        self._enter(value, base.__len__(value), path)
        items = [
            item if item is None or type(item) is bool else self._plain(item, f"{path}[{place}]")
            for place, item in enumerate(base.__iter__(value))
        ]
        self._open.discard(id(value))
        return items

    def _dict(self, value, path):
        self._enter(value, dict.__len__(value), path)
        plain = {}
        for key, item in dict.items(value):
            name = self._key(key, path)
            if name in plain:
                raise self._refusal(path, f"a dict with the key {name!r} twice")
            plain[name] = self._plain(item, f"{path}.{name}" if path else name)
        self._open.discard(id(value))
        return plain

    def _key(self, key, path):
        if is_a(key, str):
            return self._sized(exact_text(key))
        if is_a(key, int) and not is_a(key, bool):
            return str(int.__int__(key))
        raise self._refusal(path, f"a dict with a key that is no string ({kind_name(key)}); use str(key)")

    def _enter(self, value, count, path):
        self._nodes += count
        most = self._limits["argumentNodes"]
        if self._nodes > most:
            again = "a value that is used twice counts twice"
            raise TypeError(f"{self._what} holds more than {most} values ({again}); send less")
        if id(value) in self._open:
            raise self._refusal(path, "a value that contains itself")
        depth = self._limits["argumentDepth"]
        if len(self._open) >= depth:
            raise TypeError(f"{self._what} is nested deeper than {depth} levels")
        self._open.add(id(value))

    def _too_large(self):
        most = self._limits["argumentSize"]
        return TypeError(f"{self._what} is larger than {most} characters of JSON; send less")

    def _refusal(self, path, found):
        where = f"{self._what}, at {path[:200]}," if path else self._what
        return TypeError(f"{where} is {found}: only JSON can be sent")


def is_kept(value):
    """True for a whole number that a JSON reader gives back digit by digit, and not as a decimal number."""
    return abs(value) < LEAST_WITH_EXPONENT and int(Decimal(repr(float(value)))) == value


def kind_of(value):
    """What a value is that cannot be sent, and what to send instead."""
    if is_a(value, CoroutineType) or has_method(value, "__await__"):
        return "something to await; await it first"
    for kinds, advice in ADVICE:
        if is_a(value, kinds):
            return advice
    if callable(value):
        return "a function"
    if has_method(value, "__dataclass_fields__"):
        return "a dataclass; use dataclasses.asdict(value)"
    for method in ("tolist", "to_dict", "model_dump"):
        if has_method(value, method):
            return f"a {kind_name(value)}; use value.{method}()"
    return f"a {kind_name(value)}"
