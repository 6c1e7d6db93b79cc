# How to write in Python what a model meant that thought of another language or of another system.
from calls import CallFuture
from context import Contexts, Record, View
from foreign import error_field, is_a
from handles import Handle
from host_errors import HostError

NOT_WAITING = "It is no call: write the value without `await`."
NOT_AWAITED = "It is a call that was not awaited: write value = await llm_query(prompt), and use the value."
NOT_AWAITED_CHILD = "It is a child that was not awaited: write result = await handle, and use the result."
ENDS = "Call done(value) to give the final answer; a block ends with its last line."
NAME_HINTS = {
    "FINAL": "Call done(value) to give the final answer.",
    "exit": ENDS,
    "quit": ENDS,
    "FINAL_VAR": "Call done(variable) to give the final answer.",
    "SHOW_VARS": "Call VARIABLES() to see the variables.",
    "llmQuery": "Write await llm_query(prompt).",
    "llmQueryBatched": "Write await llm_query_batched(prompts).",
    "rlm_query": "Write await delegate(name, query).",
    "rlm_query_batched": "Write await wait(*[delegate(name, query) for query in queries]).",
    "context": "The input is read through CONTEXT, for example CONTEXT.read(0, 1000).",
    "console": "This is Python: write print(value).",
    "Promise": "This is Python: write await asyncio.gather(*handles).",
    "JSON": "This is Python: import json, and write json.loads(text) or json.dumps(value).",
    "Math": "This is Python: import math.",
    "Object": "This is Python: use a dict.",
    "Array": "This is Python: use a list.",
    "undefined": "This is Python: write None.",
    "null": "This is Python: write None.",
    "true": "This is Python: write True.",
    "false": "This is Python: write False.",
    "NaN": 'This is Python: write float("nan").',
    "Infinity": 'This is Python: write float("inf").',
    "String": "This is Python: write str(value).",
    "Number": "This is Python: write float(text) or int(text).",
    "parseInt": "This is Python: write int(text).",
    "parseFloat": "This is Python: write float(text).",
    "isNaN": "This is Python: write value != value.",
    "Boolean": "This is Python: write bool(value).",
    "Map": "This is Python: use a dict.",
    "Set": "This is Python: write set(values).",
    "Date": "This is Python: import datetime.",
    "RegExp": "This is Python: import re, and write re.compile(pattern).",
    "Error": "This is Python: write raise ValueError(message).",
    "globalThis": "This is Python: write globals().",
    "structuredClone": "This is Python: import copy, and write copy.deepcopy(value).",
    "setTimeout": "This is Python: write await asyncio.sleep(seconds).",
    "require": "This is Python: write import name.",
}
# By the name of a property or method that values have in JavaScript.
ATTRIBUTE_HINTS = {
    "length": "This is Python: write len(value).",
    "size": "This is Python: write len(value).",
    "push": "This is Python: write values.append(value).",
    "concat": "This is Python: write first + second.",
    "slice": "This is Python: write value[start:end].",
    "substring": "This is Python: write text[start:end].",
    "substr": "This is Python: write text[start:end].",
    "charAt": "This is Python: write text[position].",
    "charCodeAt": "This is Python: write ord(text[position]).",
    "at": "This is Python: write values[position].",
    "map": "This is Python: write [change(item) for item in values].",
    "filter": "This is Python: write [item for item in values if test(item)].",
    "forEach": "This is Python: write for item in values:.",
    "flatMap": "This is Python: write [item for part in values for item in part].",
    "flat": "This is Python: write [item for part in values for item in part].",
    "some": "This is Python: write any(test(item) for item in values).",
    "every": "This is Python: write all(test(item) for item in values).",
    "reduce": "This is Python: write sum(values), or a loop.",
    "find": "This is Python: write next((item for item in values if test(item)), None).",
    "findIndex": "This is Python: write next((i for i, item in enumerate(values) if test(item)), -1).",
    "indexOf": "This is Python: write text.find(part) or values.index(item).",
    "includes": "This is Python: write item in values.",
    "has": "This is Python: write key in values.",
    "set": "This is Python: write values[key] = value.",
    "get": "This is Python: write values[position].",
    "entries": "This is Python: write enumerate(values), or pairs.items() of a dict.",
    "trim": "This is Python: write text.strip().",
    "toUpperCase": "This is Python: write text.upper().",
    "toLowerCase": "This is Python: write text.lower().",
    "startsWith": "This is Python: write text.startswith(part).",
    "endsWith": "This is Python: write text.endswith(part).",
    "replaceAll": "This is Python: write text.replace(old, new).",
    "match": "This is Python: import re, and write re.search(pattern, text).",
    "matchAll": "This is Python: import re, and write re.finditer(pattern, text).",
    "padStart": "This is Python: write text.rjust(width).",
    "padEnd": "This is Python: write text.ljust(width).",
    "repeat": "This is Python: write text * times.",
    "toString": "This is Python: write str(value).",
    "toFixed": 'This is Python: write f"{value:.2f}".',
    "split": "This is Python: only texts have split.",
    "join": "This is Python: write separator.join(texts).",
    "shift": "This is Python: write values.pop(0).",
    "unshift": "This is Python: write values.insert(0, value).",
    "splice": "This is Python: write del values[start:end], or values[start:end] = others.",
    "toSorted": "This is Python: write sorted(values).",
    "then": "This is Python: write value = await call.",
    "catch": "This is Python: write try: and except Exception as error: around the await.",
    "finally": "This is Python: write try: and finally: around the await.",
}
MESSAGE_HINTS = {
    "asyncio.run() cannot be called": "The REPL's event loop is running already: write `await main()`.",
    "'await' outside": "`await` works at the top level and in async functions: write `async def`.",
    "'return' outside function": "A block is no function: end it with the value to see it, or give your answer with "
    "`await done(value)`.",
    "'yield' outside": "`yield wait(a, b)` waits as `await` does; to make values, write `def name():` with yield in it.",
    "object CallFuture can't be used": "Give the call to await as it is.",
    "can't be used in 'await' expression": NOT_WAITING,
    "can't be awaited": NOT_WAITING,
    "CallFuture": NOT_AWAITED,
    "Handle object": NOT_AWAITED_CHILD,
    "Handle' object": NOT_AWAITED_CHILD,
    "type Handle": NOT_AWAITED_CHILD,
    "type 'Handle'": NOT_AWAITED_CHILD,
}
ATTRIBUTE_KINDS = (str, list, tuple, dict, set, int, float, bool, CallFuture, Handle, Record, View, Contexts)


def hint_for(error, message):
    """What to do instead, for a name or a habit of another system; empty when there is nothing to say."""
    if is_a(error, HostError):
        return ""
    if is_a(error, SystemExit):
        return ENDS
    if is_a(error, NameError):
        return NAME_HINTS.get(plain_text(error_field(error, "name", NameError)), "")
    if is_a(error, AttributeError):
        value = error_field(error, "obj", AttributeError)
        hint = attribute_hint(value, plain_text(error_field(error, "name", AttributeError)))
        return hint or message_hint(message)
    return message_hint(message)


def attribute_hint(value, name):
    """What Python has instead of a property or method that a value would have in JavaScript."""
    if type(value) is dict and any(type(key) is str and key == name for key in list(value)):
        return f'This is Python: write value["{name}"].'
    return ATTRIBUTE_HINTS.get(name, "") if type(value) in ATTRIBUTE_KINDS else ""


def message_hint(message):
    return next((hint for part, hint in MESSAGE_HINTS.items() if part in message), "")


def plain_text(text):
    return text if type(text) is str else ""
