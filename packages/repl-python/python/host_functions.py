# The functions through which code calls the host.
from difflib import get_close_matches
from threading import get_ident

from calls import Call, CallFuture, Use, reject, resolve
from context import View
from foreign import is_a, kind_name, spoken
from host_errors import outcome_error
from slices import Slice
from values import Encoder

DELEGATE_OPTIONS = {
    "model": "model",
    "runtime": "runtime",
    "max_iterations": "maxIterations",
    "max_total_tokens": "maxTotalTokens",
    "max_cost_usd": "maxCostUsd",
    "output": "output",
    "globals": "globals",
}
QUERY_OPTIONS = {"model": "model", "output": "output"}
# Options by other names that can mean nothing else, written without signs between words.
OTHER_OPTIONS = {
    **{theirs.lower(): own for own, theirs in DELEGATE_OPTIONS.items()},
    **dict.fromkeys(("schema", "outputschema", "responseschema", "jsonschema"), "output"),
    **dict.fromkeys(("context", "contexts"), "context"),
}
GUESSES = {
    **dict.fromkeys(
        ("ctx", "data", "input", "inputs", "text", "document", "documents", "doc", "chunk", "content"),
        "context",
    ),
    **dict.fromkeys(
        ("response_format", "format", "result_schema", "return_type", "output_type", "type"),
        "output",
    ),
    **dict.fromkeys(("max_turns", "max_steps", "iterations", "max_iter", "turns", "steps"), "max_iterations"),
    **dict.fromkeys(("max_tokens", "tokens", "budget"), "max_total_tokens"),
    **dict.fromkeys(("max_cost", "cost"), "max_cost_usd"),
    **dict.fromkeys(("engine", "llm", "model_name"), "model"),
    **dict.fromkeys(("variables", "vars", "env"), "globals"),
}
NUMBERS_OF = ("max_iterations", "max_total_tokens", "max_cost_usd")
OPTION_KINDS = {
    "model": (str, "the name of a model"),
    "runtime": (str, "the name of a runtime"),
    "output": ((dict, bool), 'a JSON Schema, a dict such as {"type": "integer"}'),
    "globals": (dict, "a dict of JSON values"),
    **{option: ((int, float), "a number") for option in NUMBERS_OF},
}
# A name of more words is a sentence; a longer query may be the text to work on rather than the task.
MOST_NAME_WORDS = 6
LONG_QUERY = 1_000
DEFAULT_KEY = "context"
NAMED_ARGUMENTS = "$named"


class HostFunctions:
    """Makes them. `issue` takes a call of the running block, `refuse` notes one that is not made; `handles` knows the children."""

    def __init__(self, loop, issue, refuse, handles, limits):
        self._loop = loop
        self._issue = issue
        self._refuse = refuse
        self._handles = handles
        self._limits = limits
        self._thread = get_ident()

    def __repr__(self):
        return "the REPL"

    def tool(self, name):
        """A host function of the spec: its arguments as JSON, its answer as a future."""

        def texts_of(args, named):
            texts = [self._encode(value, f"argument {place} of {name}") for place, value in enumerate(args, 1)]
            if named:
                # Which place a name has the host knows.
                texts.append(self._encode({NAMED_ARGUMENTS: named}, f"a named argument of {name}"))
            return texts

        def function(*args, **named):
            return self._call(name, name, lambda: texts_of(args, named))

        function.__name__ = function.__qualname__ = name
        return function

    def llm_query(self, prompt, *positional, **options):
        """Asks a model without a REPL: llm_query(prompt, model=…, output=schema)."""
        refuse_positional("llm_query", positional, QUERY_OPTIONS)
        given = self._options("llm_query", options, QUERY_OPTIONS)
        return self._call(
            "llmQuery",
            "llm_query",
            lambda: [self._prompt(prompt, "llm_query: the prompt"), f"{{{','.join(given)}}}"],
        )

    def llm_query_batched(self, prompts, *positional, **options):
        """Asks many at once; a failed one leaves its exception in its place."""
        if not is_a(prompts, (list, tuple)):
            raise TypeError("llm_query_batched takes a list of prompts")
        refuse_positional("llm_query_batched", positional, QUERY_OPTIONS)
        given = self._options("llm_query_batched", options, QUERY_OPTIONS)
        use = Use()
        future = CallFuture(self._loop, use, "llm_query_batched")
        answers = [None] * len(prompts)
        missing = set(range(len(prompts)))

        def settle_at(place):
            def settle(outcome):
                answers[place] = outcome.get("value") if is_ok(outcome) else outcome_error(outcome.get("error"))
                missing.discard(place)
                if not missing:
                    resolve(future, answers)

            return settle

        self._check_thread()
        for place, prompt in enumerate(list(prompts)):
            try:
                args = [self._prompt(prompt, "llm_query_batched: a prompt"), f"{{{','.join(given)}}}"]
                self._issue(Call("llmQuery", args, use, settle_at(place), "llm_query_batched"))
            except Exception as refusal:
                # One that can't be asked does not lose the others.
                answers[place] = refusal
                self._refuse(refusal, use)
                missing.discard(place)
        if not missing:
            resolve(future, answers)
        return future

    def delegate(self, name, query, *positional, context=None, **options):
        """Starts a child and gives its handle at once: delegate(name, query, context=…, output=schema)."""
        for option in [option for option in options if context is None and own_option(option) == "context"]:
            context = options.pop(option)
        if len(positional) == 1 and context is None and is_a(positional[0], (str, Slice, View)):
            positional, context = (), positional[0]
        refuse_positional("delegate", positional, ("context", *DELEGATE_OPTIONS))
        child = self._handles.child_of(name)
        if child is None and not is_a(name, str):
            raise TypeError("delegate(name, query, ...): the name is a string, or a child's handle")
        refuse_sentence(name, query, context)
        first = self._encode(name, "the name of delegate") if child is None else child.reference
        text = self._prompt(query, "delegate(name, query, ...): the query")
        given = self._options("delegate", options, DELEGATE_OPTIONS, also=("context",))
        if context is not None:
            given.insert(0, f'"contexts":[{",".join(self._payloads(context))}]')
        self._check_thread()
        return self._handles.delegate(name if child is None else child.name, [first, text, f"{{{','.join(given)}}}"])

    def wait(self, *handles):
        """The results of children in order; a list of handles is taken too."""
        flat = []
        for item in handles:
            flat.extend(item if is_a(item, (list, tuple)) else (item,))
        children = [self._handles.child_of(item) for item in flat]
        if any(child is None for child in children):
            raise TypeError("wait takes handles, as delegate gives them")
        self._check_thread()
        return self._handles.wait(children)

    def done(self, *values):
        """Gives the answer. Never comes back when it is accepted."""
        if len(values) != 1:
            raise TypeError("done(value) takes one value, the answer; None for an empty one")
        future = CallFuture(self._loop, Use(), "done")

        def settle(outcome):
            if not is_ok(outcome):
                reject(future, outcome_error(outcome.get("error")))

        refuse_failures(values[0])
        text = self._encode(values[0], "the value of done")
        self._checked_issue(Call("done", [text], future._use, settle))
        return future

    def done_with_variable(self, namespace):
        """`done` of the value of a variable, given by its name or by itself."""

        def function(variable):
            is_name = type(variable) is str and variable in namespace
            return self.done(namespace[variable] if is_name else variable)

        return function

    def _call(self, name, spelled, texts):
        """
        A call whose arguments `texts` makes. One that is refused here gives a future that fails, as one that the
        host refuses: where many are made at once, the others are not lost.
        """
        use = Use()
        future = CallFuture(self._loop, use, spelled)

        def settle(outcome):
            if is_ok(outcome):
                resolve(future, outcome.get("value"))
            else:
                reject(future, outcome_error(outcome.get("error")))

        self._check_thread()
        try:
            self._issue(Call(name, texts(), use, settle, spelled))
        except Exception as refusal:
            self._refuse(refusal, use)
            reject(future, refusal)
        return future

    def _checked_issue(self, call):
        self._check_thread()
        self._issue(call)

    def _check_thread(self):
        if get_ident() != self._thread:
            raise RuntimeError(
                "the host is called from the block itself, not from a thread: "
                "await asyncio.gather(...) has many calls side by side"
            )

    def _encode(self, value, what):
        return Encoder(what, self._limits, self._text_of).text(value)

    def _text_of(self, value):
        """The text that an object of the REPL's own stands for, or None."""
        if is_a(value, Slice):
            return value.text()
        if is_a(value, View):
            return value.text()
        return None

    def _prompt(self, value, what):
        if not is_a(value, (str, Slice, View)):
            raise TypeError(f"{what} is a string, not {kind_name(value)}")
        return self._encode(value, what)

    def _options(self, name, options, known, also=()):
        given = {}
        for option, value in options.items():
            meant = own_option(option)
            if meant not in known:
                raise TypeError(f"{name} has no option {option}{guess(option, (*also, *known))}")
            if meant in given:
                raise TypeError(f"{name} was given {meant} twice, once as {option}")
            if value is not None:
                check_option(name, meant, value)
                given[meant] = value
        return [
            f'"{known[option]}":{self._encode(value, f"the option {option} of {name}")}'
            for option, value in given.items()
        ]

    def _payloads(self, context):
        """A dict is a set of payloads by key; anything else is one payload."""
        if not is_a(context, dict):
            return [self._payload(DEFAULT_KEY, context)]
        return [self._payload(key, value) for key, value in dict.items(context)]

    def _payload(self, key, value):
        if not is_a(key, str):
            raise TypeError(f"the keys of the option context are strings, not {kind_name(key)}")
        name = self._encode(key, "a key of the option context")
        if is_a(value, (Slice, View)):
            source, start, end = value.range()
            part = f'{{"key":{self._encode(source, "a key")},"start":{start},"end":{end}}}'
            return f'{{"kind":"slice","key":{name},"slice":{part}}}'
        if value is None:
            raise TypeError(f"the context {key} of delegate is None")
        text = value if is_a(value, str) else self._encode(value, f"the context {key} of delegate")
        if len(text) > self._limits["argumentSize"]:
            most = self._limits["argumentSize"]
            advice = "hand over smaller parts, or CONTEXT.slice(start, end) where it is part of CONTEXT"
            raise TypeError(f"the context {key} of delegate is larger than {most} characters; {advice}")
        return f'{{"kind":"text","key":{name},"text":{self._encode(text, f"the context {key}")}}}'


# Python's own messages name a function by its qualified name.
for own_name in ("llm_query", "llm_query_batched", "delegate", "wait", "done"):
    vars(HostFunctions)[own_name].__qualname__ = own_name


def is_ok(outcome):
    return outcome.get("ok") is True


def own_option(option):
    """The name that an option has here, whatever the signs between its words."""
    return OTHER_OPTIONS.get(option.replace("_", "").lower(), option)


def guess(option, known):
    """What an option that there is not may have been meant as, and which there are."""
    close = GUESSES.get(option.lower()) or next(iter(get_close_matches(option, known, 1)), None)
    meant = f": did you mean {close}?" if close in known else ";"
    return f"{meant} {'It' if close in known else 'it'} has {', '.join(known)}"


def check_option(name, option, value):
    """Refuses at the call what the host would refuse later, of each call of many again."""
    kinds, wanted = OPTION_KINDS.get(option, (object, ""))
    if not is_a(value, kinds) or (option in NUMBERS_OF and is_a(value, bool)):
        raise TypeError(f"{name}: {option} must be {wanted}, not {kind_name(value)}")


def refuse_sentence(name, query, context):
    """A task in the place of the name leaves its data in the place of the task."""
    if context is None and is_a(name, str) and is_a(query, (str, Slice, View)):
        words = len(name.split())
        is_sentence = words > MOST_NAME_WORDS or (words > 2 and name.rstrip().endswith((".", "?", "!", ":")))
        if (is_sentence and len(query) > LONG_QUERY) or (words > 2 and not is_a(query, str)):
            raise TypeError(
                f"delegate takes a short name, the query, and data as context; here the name is a sentence of "
                f"{len(name)} characters, and the query has {len(query)}"
            )


def refuse_failures(value):
    """Errors among the results of many calls are no answer."""
    items = list(dict.items(value)) if is_a(value, dict) else list(enumerate(value)) if is_a(value, (list, tuple)) else []
    failed = [place for place, item in items if is_a(item, BaseException)]
    if failed:
        shown = ", ".join(repr(place)[:40] for place in failed[:10]) + (", …" if len(failed) > 10 else "")
        first = next(item for _, item in items if is_a(item, BaseException))
        why = spoken(str, first)[0] or "no reason given"
        raise TypeError(
            f"done: {len(failed)} of {len(items)} values are errors, at {shown}: ask for those again. "
            f"The first is {kind_name(first)}: {why[:300]}"
        )


def refuse_positional(name, positional, options):
    if positional:
        raise TypeError(f"{name} takes its options by name: {', '.join(f'{option}=…' for option in options)}")
