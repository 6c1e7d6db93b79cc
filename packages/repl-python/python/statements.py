# The lines of a block in which an error was raised, and edits of them.
import ast
from inspect import CO_COROUTINE

from foreign import is_a
from parsing import parse_block

MOST_LINES = 6
MOST_CHARACTERS = 400
# Characters; a longer block is not parsed a second time for a hint.
MOST_CODE = 200_000
TOP_LEVEL_NAMES = ("<module>", "<listcomp>", "<setcomp>", "<dictcomp>")


class Place:
    """Where an error was raised: the line of a block, and the frame that ran it."""

    def __init__(self, code, filename, number, frame):
        self._code = code
        self._filename = filename
        self._number = number
        self._frame = frame

    def may_await(self):
        """Whether `await` can stand there."""
        code = self._frame.f_code
        return bool(code.co_flags & CO_COROUTINE) or code.co_name in TOP_LEVEL_NAMES

    def value_of(self, name):
        for names in (self._frame.f_locals, self._frame.f_globals, self._frame.f_builtins):
            if name in names:
                return names[name]
        return None

    def line(self):
        """The line that failed, as it stands."""
        lines = self._code.splitlines()
        return lines[self._number - 1].strip() if 0 < self._number <= len(lines) else ""

    def first_match(self, pattern):
        """The first group of the first match in the block; empty where there is none."""
        found = pattern.search(self._code[:MOST_CODE])
        return found[1] if found else ""

    def statement(self):
        """The statement that failed, ready to be edited; None if it is too long or was not found."""
        return self._last_statement(lambda node: node.lineno <= self._number <= node.end_lineno)

    def assignment(self, name):
        """The last statement before it that sets a name by itself, and the value's node; or None twice."""
        def sets(node):
            targets = node.targets if is_a(node, ast.Assign) else ()
            return node.lineno <= self._number and len(targets) == 1 and getattr(targets[0], "id", None) == name

        statement = self._last_statement(sets)
        return (None, None) if statement is None else (statement, statement.node.value)

    def _last_statement(self, is_wanted):
        if len(self._code) > MOST_CODE:
            return None
        tree, text = parse_block(self._code, self._filename)
        found = None
        for node in ast.walk(tree):
            if is_a(node, ast.stmt) and is_wanted(node) and (found is None or node.lineno >= found.lineno):
                found = node
        if found is None:
            return None
        body = getattr(found, "body", None)
        last = max(body[0].lineno - 1, found.lineno) if body else found.end_lineno
        return Statement(tree, text, found, last) if last - found.lineno < MOST_LINES else None


class Statement:
    """Some lines of code and the edits to make in them."""

    def __init__(self, tree, text, node, last):
        first = self._first = node.lineno
        self._lines = text.encode().split(b"\n")[first - 1 : last]
        self.node = node
        self.nodes = []
        self.parents = {}
        for parent in ast.walk(tree):
            for node in ast.iter_child_nodes(parent):
                self.parents[node] = parent
                is_value = is_a(node, ast.expr) and not is_a(getattr(node, "ctx", None), (ast.Store, ast.Del))
                if is_value and first <= node.lineno and node.end_lineno <= last:
                    self.nodes.append(node)
        self.nodes = [node for node in self.nodes if self._is_in_place(node)]
        self._edits = []

    def _is_in_place(self, node):
        """Whether the position of a node is right: older Pythons give wrong ones inside f-strings."""
        above = node
        while is_a(above, ast.expr):
            if is_a(above, ast.JoinedStr) and above is not node:
                return is_source_of(self.source(node), node)
            above = self.parents.get(above)
        return True

    def start(self, node):
        return self._offset(node.lineno, node.col_offset)

    def end(self, node):
        return self._offset(node.end_lineno, node.end_col_offset)

    def source(self, node):
        return self._text()[self.start(node) : self.end(node)].decode()

    def replace(self, start, end, text):
        self._edits.append((start, end, text.encode()))

    def is_changed(self):
        """Whether anything is to be changed so far."""
        return bool(self._edits)

    def written(self):
        """The lines with all edits; empty if there are none."""
        return self.shown() if self._edits else ""

    def shown(self):
        """The lines with the edits made so far; empty if they are too long. Raises SyntaxError if they do not parse."""
        text = self._text()
        for start, end, part in sorted(self._edits, key=lambda edit: edit[:2], reverse=True):
            text = text[:start] + part + text[end:]
        lines = text.decode().rstrip().split("\n")
        margin = len(lines[0]) - len(lines[0].lstrip())
        written = "\n".join(line[margin:] if not line[:margin].strip() else line for line in lines)
        shown = f"{written}\n  pass" if written.endswith(":") else written
        parse_block(shown.removeprefix("el"), "<correction>")
        return written if len(written) <= MOST_CHARACTERS else ""

    def _text(self):
        return b"\n".join(self._lines)

    def _offset(self, line, column):
        place = line - self._first
        return sum(len(text) + 1 for text in self._lines[:place]) + column


def is_source_of(text, node):
    try:
        return ast.dump(ast.parse(text, mode="eval").body) == ast.dump(node)
    except SyntaxError:
        return False
