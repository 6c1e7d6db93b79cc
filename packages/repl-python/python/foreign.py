# What the REPL asks of values that code has made.
#
# Invariants: (1) what a value is, is read from its type by the interpreter's own means: no method, property or metaclass
# of the code's runs; (2) where a value speaks for itself, whatever it raises is the value's failure, never the REPL's;
# (3) texts that come out are exactly `str`.


def is_a(value, kinds):
    """What isinstance says of values that do not lie about their class."""
    return issubclass(type(value), kinds)


def exact_text(text):
    """The text itself, where an instance of a subclass stands for it."""
    return text if type(text) is str else str.__str__(text)


def class_name(kind):
    """The name of a class, whatever its metaclass says."""
    return exact_text(TYPE_NAME(kind))


def kind_name(value):
    """The name of a value's class."""
    return class_name(type(value))


def has_method(value, name):
    """Whether a value's class has a name, itself or from those that it stands on."""
    return any(name in TYPE_NAMES(kind) for kind in TYPE_ORDER(type(value)))


def spoken(say, value):
    """What a value says of itself, as `(text, None)`, or `(None, name)` of what it raised instead."""
    try:
        return exact_text(say(value)), None
    except BaseException as error:
        return None, kind_name(error)


def error_field(error, name, kind=BaseException):
    """A field of an exception as the interpreter keeps it, whatever its class makes of the name."""
    return vars(kind)[name].__get__(error)


def put_back(table, entries):
    """
    Sets entries of a dict that code can reach. A key of the code's own may fail when it is compared: then all keys
    but plain texts go.
    """
    try:
        dict.update(table, entries)
    except BaseException:
        plain = {key: value for key, value in list(dict.items(table)) if type(key) is str}
        dict.clear(table)
        dict.update(table, {**plain, **entries})


TYPE_NAME = vars(type)["__name__"].__get__
TYPE_NAMES = vars(type)["__dict__"].__get__
TYPE_ORDER = vars(type)["__mro__"].__get__
