# Handles of children: what `delegate` gives and `wait` takes.
#
# Owns: which child a handle stands for, and its result once it is known. Invariants: (1) a handle is known by
# identity, so none can be made by hand; (2) making, keeping, printing or returning a handle asks for nothing: only
# awaiting it does, and a result goes with the last of its handle; (3) a `wait` is sent for a child that exists, never for a refused one; (4) a result that is known
# is given without asking again.
from json import dumps
from weakref import ref

from calls import Call, CallFuture, Use, reject, resolve
from host_errors import outcome_error


class Handle:
    """A child, as code holds it."""

    __slots__ = ("_handles", "__weakref__")

    def __await__(self):
        return self._handles.result_of(self).__await__()

    def __repr__(self):
        child = self._handles.child_of(self)
        return "Handle" if child is None else f"Handle({child.name})"

    def __copy__(self):
        return self

    def __deepcopy__(self, memo):
        return self

    def __reduce_ex__(self, protocol):
        raise TypeError("a handle cannot be stored; keep it in a variable")


class Child:
    """A child as the REPL knows it. `outcome` is the host's, once a wait has brought it."""

    def __init__(self, name, block, index):
        self.name = name
        self.block = block
        self.reference = dumps({"block": block, "index": index}, ensure_ascii=False)
        self.agent = None
        self.refusal = None
        self.outcome = None
        self.asked = None
        self.when_born = []

    def born(self, outcome):
        """The delegation was answered: there is a child, or there will be none."""
        if outcome.get("ok") is True:
            value = outcome.get("value")
            self.agent = value if isinstance(value, str) else self.name
        else:
            self.refusal = outcome_error(outcome.get("error"))
        waiting, self.when_born = self.when_born, []
        for proceed in waiting:
            proceed()

    def failure(self):
        """The error that waiting for this child raises, or None."""
        if self.refusal is not None or self.outcome is None or self.outcome.get("ok") is True:
            return self.refusal
        return outcome_error(self.outcome.get("error"), agent=self.agent)


class Handles:
    """The handles of one REPL. `issue` makes a call of the running block, `refuse` notes one that is not made."""

    def __init__(self, loop, issue, refuse, block_id):
        self._loop = loop
        self._issue = issue
        self._refuse = refuse
        self._block_id = block_id
        self._children = {}

    def child_of(self, value):
        """The child behind a handle, or None for anything else."""
        known = self._children.get(id(value))
        return known[1] if known is not None and known[0]() is value else None

    def delegate(self, name, args):
        """Issues a `delegate` call with these arguments, JSON texts, and gives its handle."""
        holder = []
        call = Call("delegate", args, Use(True), lambda outcome: holder[0].born(outcome))
        child = Child(name, self._block_id(), self._issue(call))
        holder.append(child)
        handle = Handle.__new__(Handle)
        handle._handles = self
        key = id(handle)
        self._children[key] = (ref(handle, lambda _: self._children.pop(key, None)), child)
        return handle

    def wait(self, children):
        """The results of children in order, as a future. It fails with the error of the first that failed."""
        use = Use()
        future = CallFuture(self._loop, use, "wait")

        def finish():
            failure = next(filter(None, (child.failure() for child in children)), None)
            if failure is not None:
                reject(future, failure)
            else:
                resolve(future, [child.outcome.get("value") for child in children])

        def ask():
            open_children = {} if any(child.refusal for child in children) else unfinished(children)
            if not open_children:
                finish()
                return

            def settle(outcome):
                if outcome.get("ok") is True:
                    keep_outcomes(open_children, outcome.get("value"))
                    finish()
                else:
                    reject(future, outcome_error(outcome.get("error")))

            try:
                self._issue(Call("wait", [child.reference for child in open_children], use, settle))
            except RuntimeError as error:
                self._refuse(error, use)
                reject(future, error)

        self._when_all_born(children, ask)
        return future

    def result_of(self, handle):
        """The future of one child's result; shared while its wait is out."""
        child = self.child_of(handle)
        if child is None:
            raise TypeError("this is not a handle that delegate gave")
        block = self._block_id()
        if child.asked is not None and (child.asked[0] == block or child.asked[1].done()):
            return child.asked[1]
        future = CallFuture(self._loop, Use(True), f"delegate: {child.name}")
        waiting = self.wait([child])
        waiting.add_done_callback(lambda done: forward(done, future))
        child.asked = (block, future)
        return future

    def _when_all_born(self, children, proceed):
        missing = set()
        for child in children:
            if child.agent is not None or child.refusal is not None:
                continue
            if child.block != self._block_id():
                child.refusal = RuntimeError(f"the child {child.name} was never started")
                continue
            missing.add(child)
        if not missing:
            proceed()
            return

        def born(child):
            missing.discard(child)
            if not missing:
                proceed()

        for child in tuple(missing):
            child.when_born.append(lambda child=child: born(child))


def unfinished(children):
    """Children whose outcome is not known, each once, in order."""
    return {child: None for child in children if child.outcome is None}


def keep_outcomes(children, outcomes):
    """Takes the host's list of outcomes apart. What is missing in it counts as failed."""
    known = outcomes if isinstance(outcomes, list) else []
    for place, child in enumerate(children):
        outcome = known[place] if place < len(known) else None
        child.outcome = outcome if isinstance(outcome, dict) else {}


def forward(done, future):
    error = done.exception()
    if error is not None:
        reject(future, error)
    else:
        resolve(future, done.result()[0])
