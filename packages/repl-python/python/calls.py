# The calls of one block: made by code, answered by the host.
#
# Owns: indices, the queue of calls the host has not seen, what each answer settles. Does not own: what the calls
# mean. Invariants: (1) indices are contiguous from 0 in the order in which code made the calls; (2) a call that is
# refused here takes no index, and is told at the end of the block unless somebody has awaited it; (3) at most `outstandingCalls` are with the host, waits apart; (4) the calls of one
# activation fit `activationSize`, the others queue; (5) an answer settles its call once; (6) an answer is kept by nobody but code.
from asyncio import Future
from json import dumps

# Code can change its futures; these are the interpreter's.
is_done, set_result, set_exception = Future.done, Future.set_result, Future.set_exception
get_exception = Future.exception

# Refused calls of one block of which it is kept whether somebody awaits them.
MOST_REFUSALS = 1_000


class Use:
    """Whether anybody has used what a call gave. Several calls may share one."""

    def __init__(self, used=False):
        self.used = used


class CallFuture(Future):
    """The answer to a call. Waiting for it is what using it means; an error of it is never news."""

    def __init__(self, loop, use, name):
        super().__init__(loop=loop)
        self._use = use
        self._name = name

    def __await__(self):
        self._use.used = True
        return super().__await__()

    # An iteration would give the future itself and then fail with words that help nobody.
    __iter__ = None

    def add_done_callback(self, callback, *, context=None):
        self._use.used = True
        super().add_done_callback(callback, context=context)

    def result(self):
        self._use.used = True
        return super().result()

    def exception(self):
        self._use.used = True
        return super().exception()

    def __repr__(self):
        return f"<call of {self._name}: await it>"


def resolve(future, value):
    if not is_done(future):
        set_result(future, value)


def reject(future, error):
    if not is_done(future):
        set_exception(future, error)
        # Whoever does not look at it is told in another way.
        get_exception(future)


class Call:
    """A call as code makes it. `settle` takes the outcome, at most once; `spelled` is what code calls it by."""

    def __init__(self, name, args, use, settle, spelled=None):
        self.name = name
        self.spelled = spelled or name
        self.args = args
        self.use = use
        self.settle = settle
        self.refused = False
        self.answered = False


class Calls:
    """See the head of this part."""

    def __init__(self, limits):
        self._limits = limits
        self._known = []
        self._unsent = {}
        self._sent = 0
        self._dones = 0
        self._with_host = 0
        self._refusals = []
        self.unanswered = 0

    def issue(self, call):
        """Takes a call, its arguments JSON texts, and gives its index."""
        index = len(self._known)
        most = self._limits["callsPerBlock"]
        # An answer can be given whatever was called before it.
        ends = call.name == "done"
        if (self._dones if ends else index - self._dones) >= most:
            raise RuntimeError(f"a block can make at most {most} calls; make the others in your next block")
        text = f'{{"index":{index},"name":{dumps(call.name)},"args":[{",".join(call.args)}]}}'
        if len(text) > self._limits["activationSize"]:
            most = self._limits["activationSize"]
            raise RuntimeError(f"the arguments of {call.spelled} hold more than {most} characters of JSON; send less")
        call.args = None
        self._dones += ends
        self._unsent[index] = text
        self._known.append(call)
        self.unanswered += 1
        return index

    def note_refusal(self, reason, use):
        """A call was refused here, and `use` says whether anybody came to know."""
        if len(self._refusals) < MOST_REFUSALS:
            self._refusals.append((reason, use))

    def take_refusals(self):
        """Hands out, once, the reasons of refusals that nobody has used."""
        refusals, self._refusals = self._refusals, []
        return [reason for reason, use in refusals if not use.used]

    def take_unsent(self):
        """JSON texts of the calls the host may start now, in order: as many as fit one activation."""
        texts = []
        size = 0
        while self._sent < len(self._known):
            waits = self._known[self._sent].name == "wait"
            if not waits and self._with_host >= self._limits["outstandingCalls"]:
                break
            size += len(self._unsent[self._sent])
            if texts and size >= self._limits["activationSize"]:
                break
            self._with_host += 0 if waits else 1
            texts.append(self._unsent.pop(self._sent))
            self._sent += 1
        return texts

    def deliver(self, index, outcome):
        """Gives a call its answer. An index that is not open is ignored."""
        if not 0 <= index < self._sent or self._known[index].answered:
            return
        call = self._known[index]
        call.answered = True
        call.refused = outcome.get("ok") is not True
        self.unanswered -= 1
        self._with_host -= 0 if call.name == "wait" else 1
        settle, call.settle = call.settle, None
        settle(outcome)

    def unawaited(self):
        """
        Indices of calls the host has seen and whose answer nobody used. Children are named by whoever waits for
        them, and an accepted `done` has nobody left to tell.
        """
        return [
            index
            for index, call in enumerate(self._known[: self._sent])
            if not call.use.used and call.name != "delegate" and (call.name != "done" or call.refused)
        ]
