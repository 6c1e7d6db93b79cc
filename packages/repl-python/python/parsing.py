# The text of a block as Python's own parser takes it.
import ast
from textwrap import dedent


def parse_block(code, filename):
    """The tree of a block and the text that it is of: all of it may be indented. Raises what the parser raises."""
    try:
        return ast.parse(code, filename), code
    except IndentationError:
        dedented = dedent(code)
        if dedented == code:
            raise
        return ast.parse(dedented, filename), dedented
