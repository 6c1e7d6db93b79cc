# Caps that the REPL itself holds; an `open` frame may change them.

DEFAULT_LIMITS = {
    # Characters of output kept per block.
    "outputKept": 1_000_000,
    # Characters of the JSON text of the arguments of one call.
    "argumentSize": 8_388_608,
    # The same of all calls that one activation hands to the host; further ones queue here.
    "activationSize": 33_554_432,
    # Values in the arguments of one call, and how deep they are nested.
    "argumentNodes": 200_000,
    "argumentDepth": 200,
    # Calls the host works on at a time, waits apart; further ones queue here.
    "outstandingCalls": 256,
    "callsPerBlock": 10_000,
    # Characters of an error's text.
    "errorText": 10_000,
    # Rows of the summary of variables.
    "variables": 64,
}


class LimitReached(Exception):
    """The REPL is over: a limit was reached that nothing can go on after."""

    def __init__(self, message, name, value, unit):
        super().__init__(message)
        self.limit = {"name": name, "value": value, "unit": unit}
