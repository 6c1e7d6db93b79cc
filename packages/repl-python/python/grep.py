# CONTEXT.grep.
#
# Texts are searched for in linear time. Python's own expressions backtrack: those that may take exponential time
# are refused, and what is left is polynomial in the length of a line and held by the time limit of the block.
import re
import sys
import warnings

from payload import PIECE
from utf16 import units_of

MAX_PATTERN = 1_000
MAX_SHOWN = 500
BEFORE_MATCH = 150
# How far the parts of a line that is longer than a piece overlap: longer matches may be missed there.
OVERLAP = 1_000
# An expression that is repeated more often than this counts as repeated without end.
MANY = 20

EXPRESSION_SIGNS = re.compile(r"\\[dwsbDWSB]|\.[*+?]|[)\]][*+?]|\|\w|\[[^\]]+-[^\]]+\]|^\^|\$$")


def line_search(pattern):
    """`search(line, from)` for a pattern: where it is found, or -1."""
    if isinstance(pattern, str):
        return literal_search(pattern)
    if not isinstance(pattern, re.Pattern) or not isinstance(pattern.pattern, str):
        raise TypeError("grep takes a str, or an expression: re.compile(...)")
    if len(pattern.pattern) > MAX_PATTERN:
        raise too_long()
    refuse_exponential(pattern)

    def search(line, start):
        found = pattern.search(line, start)
        return -1 if found is None else found.start()

    return search


def literal_search(text):
    if text == "":
        raise ValueError("grep needs a pattern that is not empty")
    if len(text) > MAX_PATTERN:
        raise too_long()
    if "\n" in text:
        raise ValueError("grep looks at one line at a time; the pattern cannot hold a line break")
    return lambda line, start: line.find(text, start)


def too_long():
    return ValueError(f"grep takes patterns of at most {MAX_PATTERN} characters")


def looks_like_expression(pattern):
    """True for a text that was probably meant as an expression."""
    return isinstance(pattern, str) and EXPRESSION_SIGNS.search(pattern) is not None


def refuse_exponential(pattern):
    """Raises a ValueError for an expression that may take exponential time on a line."""
    shown = f"re.compile({pattern.pattern!r})"
    reason = exponential_reason(parsed(pattern), False)
    if reason is not None:
        raise ValueError(f"grep does not run {shown}: {reason}; leave that out, or read and search the text yourself")


def parsed(pattern):
    if sys.version_info >= (3, 11):
        return re._parser.parse(pattern.pattern, pattern.flags)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import sre_parse
    return sre_parse.parse(pattern.pattern, pattern.flags)


def exponential_reason(nodes, repeated):
    """Why a parsed expression may backtrack without bound; `repeated` inside of something that is repeated."""
    for kind, value in nodes:
        name = str(kind)
        if name in ("GROUPREF", "GROUPREF_EXISTS", "ASSERT", "ASSERT_NOT"):
            return "it looks back or ahead, or refers to a group"
        if name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
            low, high, inner = value
            if repeated and high != low:
                return "it repeats what holds a repetition or an option"
            reason = exponential_reason(inner, repeated or high > MANY)
        elif name == "BRANCH":
            if repeated:
                return "it repeats what holds alternatives"
            reason = next(filter(None, (exponential_reason(branch, repeated) for branch in value[1])), None)
        elif name == "SUBPATTERN":
            reason = exponential_reason(value[-1], repeated)
        elif name == "ATOMIC_GROUP":
            reason = exponential_reason(value, repeated)
        else:
            reason = None
        if reason is not None:
            return reason
    return None


class GrepRun:
    """One search through a payload; memory is one piece and the hits."""

    def __init__(self, payload, pattern, most):
        self._payload = payload
        self._search = line_search(pattern)
        # A text can be looked for in many lines at once.
        self._is_literal = isinstance(pattern, str)
        self._most = most
        # Position up to which the hits so far show the payload.
        self._shown_to = 0
        self.hits = []

    def run(self):
        at, line = self._payload.text_start(), 0
        while at < self._payload.characters and len(self.hits) < self._most:
            window, advance = self._window(at)
            self._search_window(window, at, line)
            passed = window[:advance]
            line += passed.count("\n")
            at += units_of(passed)
        return self.hits

    def is_cut(self):
        """Whether it stopped with text left to search, so that there may be more hits."""
        return len(self.hits) == self._most and self._payload.characters - self._shown_to > 1

    def _window(self, at):
        """Whole lines where they fit into a piece, else part of one line; how many characters to go on."""
        end = min(at + PIECE, self._payload.characters)
        text = self._payload.text(at, end)
        if end == self._payload.characters:
            return text, len(text)
        last_break = text.rfind("\n")
        if last_break == -1:
            return text, len(text) - OVERLAP
        return text[: last_break + 1], last_break + 1

    def _search_window(self, window, at, line):
        start = 0
        while start < len(window) and len(self.hits) < self._most:
            if self._is_literal:
                found = self._search(window, start)
                if found == -1:
                    return
                line += window.count("\n", start, found)
                start = max(window.rfind("\n", 0, found) + 1, start)
            end = window.find("\n", start)
            end = len(window) if end == -1 else end
            self._search_line(window, start, end, at, line)
            start, line = end + 1, line + 1

    def _search_line(self, window, start, end, at, line):
        text = window[start : end - 1 if window.endswith("\r", start, end) else end]
        base = None
        place = 0
        while place <= len(text) and len(self.hits) < self._most:
            found = self._search(text, place)
            if found == -1:
                return
            if base is None:
                base = at + units_of(window[:start])
            if base + units_of(text[:found]) < self._shown_to:
                place = found + 1
                continue
            place = self._add_hit(text, found, line, base)
            if place == len(text):
                return

    def _add_hit(self, text, found, line, base):
        """Adds a hit; gives where in the line the next may be: behind what is shown of it."""
        start = max(found - BEFORE_MATCH, 0) if len(text) > MAX_SHOWN else 0
        stop = min(start + MAX_SHOWN, len(text))
        first = base + units_of(text[:start])
        self._shown_to = first + units_of(text[start:stop])
        self._payload.reads.add(first, self._shown_to)
        self.hits.append({"line": line, "start": base + units_of(text[:found]), "text": text[start:stop]})
        return max(stop, found + 1)
