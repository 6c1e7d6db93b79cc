# What the host answers instead of a value, as exceptions of the code.

MAX_CAUSES = 5
MAX_CLASSES = 100

error_classes = {}


class HostError(Exception):
    """
    A call that was refused. Its class has the name that the host gave; `name`, `message` and, for a child that
    failed, `agent` say more.
    """

    __module__ = "builtins"

    def __init__(self, message="the call failed", agent=None):
        super().__init__(message)
        self.message = message
        self.agent = agent

    @property
    def name(self):
        return type(self).__name__


def class_named(name):
    found = error_classes.get(name)
    if found is None:
        found = type(name, (HostError,), {"__module__": "builtins"})
        if len(error_classes) < MAX_CLASSES:
            error_classes[name] = found
    return found


def outcome_error(data, depth=0, agent=None):
    """An exception with name, message and cause of the data, and no traceback of the host's."""
    fields = data if isinstance(data, dict) else {}
    name, message, cause = fields.get("name"), fields.get("message"), fields.get("cause")
    found = class_named(name if isinstance(name, str) and name else "Error")
    error = found(message if isinstance(message, str) else "the call failed", agent)
    if cause is not None and depth < MAX_CAUSES:
        error.__cause__ = outcome_error(cause, depth + 1)
    return error
