import type { AttackCase } from "@rlmflow/testing";

const source = "measured";

/** The block that runs before those of every case: what an agent may have kept. */
export const PYTHON_PRELUDE = "kept = {'echo': echo, 'print': print}";

/** Values, errors and classes whose own code runs where the REPL looks at them. */
const valueCases: readonly AttackCase[] = [
  ...["raise SystemExit", "raise GeneratorExit"].map(
    (body): AttackCase => ({
      name: `a repr and a str that ${body}`,
      source,
      expect: "ends",
      blocks: [
        `class Odd(Exception):\n    def __repr__(self): ${body}\n    __str__ = __format__ = __hash__ = __eq__ = __del__ = __repr__\nodd = Odd()\nodd`,
        "echo(odd)\n[odd]",
        "raise odd",
      ],
    }),
  ),
  {
    name: "a repr that loops for ever",
    source,
    expect: "lost",
    blocks: ["class Odd:\n    def __repr__(self):\n        while True: pass\nOdd()"],
  },
  {
    name: "an error whose words loop for ever",
    source,
    expect: "lost",
    blocks: ["class Odd(Exception):\n    def __str__(self):\n        while True: pass\nraise Odd"],
  },
  {
    name: "a repr of a hundred megabytes, and output as much",
    source,
    expect: "contained",
    blocks: ["class Odd:\n    def __repr__(self): print('y' * 100_000_000); return 'x' * 100_000_000\nOdd()"],
  },
  {
    name: "a class that lies about what it is",
    source,
    expect: "ends",
    blocks: [
      "class Meta(type):\n    __name__ = property(lambda kind: exit(1))\n    def __getattribute__(kind, name): exit(1)\nclass Lie(metaclass=Meta):\n    __class__ = property(lambda self: exit(1))\nlie = Lie()\nlie",
      "await echo([lie])",
    ],
  },
  {
    name: "built-in classes with methods of their own",
    source,
    expect: "ends",
    blocks: [
      "fail = lambda self, *rest: exit(1)\nown = {name: fail for name in ('__repr__', '__str__', '__len__', '__iter__', '__getitem__', '__bool__', '__eq__', 'items', 'keys')}\nkinds = [type('K', (kind,), {**own, '__hash__': kind.__hash__}) for kind in (str, int, float, bytes, tuple, list, dict, set)]\nvalues = [kind() for kind in kinds]\nvalues",
      "try: await echo(values)\nexcept TypeError: pass\nNone",
    ],
  },
  {
    name: "an exception whose fields are properties, in a circle and in a group",
    source,
    expect: "ends",
    blocks: [
      "fields = ('name', 'obj', 'exceptions', 'msg', 'lineno', '__cause__', '__context__', '__traceback__', '__suppress_context__')\nOdd = type('Odd', (NameError,), {field: property(lambda self: exit(1)) for field in fields})\nraise Odd('words')",
      "one, two = ValueError(1), ValueError(2)\none.__cause__, two.__cause__ = two, one\nraise one",
    ],
  },
  {
    name: "names that are no plain texts",
    source,
    expect: "ends",
    blocks: [
      "class Name(str):\n    __eq__ = lambda self, other: exit(1)\n    __hash__ = str.__hash__\nimport builtins, sys\nfor table, name in ((globals(), 'done'), (vars(builtins), 'len'), (sys.modules, '__main__')):\n    table.pop(name); table[Name(name)] = 1",
      "print(len([done]))",
    ],
  },
];

/** The interpreter and its library turned against the REPL. */
const interpreterCases: readonly AttackCase[] = (
  [
    ["sys.exit at the top level", "import sys\nsys.exit(3)"],
    ["no builtins", "import builtins\ndel __builtins__\nvars(builtins).clear()"],
    [
      "every name of the REPL's overwritten",
      "print = delegate = wait = done = CONTEXT = VARIABLES = llm_query = asyncio = None",
    ],
    [
      "streams that raise",
      "import sys\nsys.stdout = sys.stderr = sys.stdin = type('S', (), {'__getattr__': lambda self, name: exit(1)})()",
    ],
    ["no modules", "import sys\nsys.modules.clear()\nsys.modules = None"],
    ["asyncio without names", "for name in list(vars(asyncio)): delattr(asyncio, name)"],
    ["a profiler that raises", "import sys\nsys.setprofile(lambda *rest: exit(1))"],
    ["a tracer that raises", "import sys\nsys.settrace(lambda *rest: exit(1))\nawait echo(1)"],
    ["an audit hook", "import sys\nsys.addaudithook(lambda *rest: None)"],
    ["a limit of recursion that leaves no room", "import sys\nsys.setrecursionlimit(40)"],
    [
      "a timer that raises for ever",
      "import signal\nsignal.signal(signal.SIGALRM, lambda *rest: exit(1))\nsignal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)",
    ],
    ["an alarm for later", "import signal\nsignal.setitimer(signal.ITIMER_REAL, 0.05)"],
    [
      "signals ignored",
      "import signal\nfor number in signal.valid_signals():\n    try: signal.signal(number, signal.SIG_IGN)\n    except (OSError, ValueError): pass",
    ],
    [
      "collector callbacks and finalizers that raise",
      "import gc\ngc.callbacks.append(lambda *rest: exit(1))\nOdd = type('Odd', (), {'__del__': lambda self: exit(1)})\nodd = Odd(); odd.itself = odd; del odd\ngc.set_threshold(1)",
    ],
    [
      "threads that outlive the block and print",
      "import threading\ndef spin():\n    while True: kept['print']('late')\nthreading.Thread(target=spin).start()",
    ],
    [
      "threads that read the context between blocks",
      "import threading\ndef spin():\n    while True:\n        try: CONTEXT.read(0, 5)\n        except RuntimeError: pass\nthreading.Thread(target=spin, daemon=True).start()",
    ],
    [
      "tasks and generators that are left open",
      "async def count():\n    try:\n        while True: yield 1\n    finally: exit(1)\nasync for one in count(): break\nasync def late():\n    try: await asyncio.sleep(1e6)\n    finally: exit(1)\ntask = asyncio.create_task(late())\nlate()\nawait asyncio.sleep(0)",
    ],
    [
      "futures of calls with other methods",
      "call = echo(1)\ncall.set_result = call.done = lambda *rest: exit(1)\ntype(call).__del__ = lambda self: exit(1)",
    ],
    ["a sleep that never ends", "import time\ntime.sleep(float('inf'))"],
    ["a call of an earlier block", "await kept['echo'](1)"],
  ] as const
).map(([name, block]) => ({ name, source, expect: "ends", blocks: [block, "print(await echo(6 * 7))"] }));

/** Time and memory used up. */
const limitCases: readonly AttackCase[] = [
  [
    "a loop that catches everything",
    "while True:\n    try:\n        while True: pass\n    except BaseException: pass",
  ],
  ["one call that holds the interpreter", "(10 ** 10 ** 9) % 7"],
  ["an expression that backtracks", "import re\nre.match('(a+)+$', 'a' * 60 + 'b')"],
  ["tasks without end", "while True: await asyncio.sleep(0)"],
  ["memory filled", "many = []\nwhile True: many.append(bytearray(1_000_000))"],
  [
    "a finalizer that loops for ever",
    "class Odd:\n    def __del__(self):\n        while True: pass\nOdd()\nNone",
  ],
].map(([name = "", block = ""]) => ({ name, source, expect: "lost", blocks: [block] }));

/** The process itself ended, and what it talks over. */
const processCases: readonly AttackCase[] = [
  ...[
    ["os._exit", "import os\nos._exit(0)"],
    ["a signal that kills", "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)"],
    ["a group that is killed", "import os, signal\nos.killpg(0, signal.SIGKILL)"],
    ["an abort", "import os\nos.abort()"],
    ["every descriptor closed", "import os\nos.closerange(0, 65536)"],
    ["every descriptor closed, and a loop", "import os\nos.closerange(0, 65536)\nwhile True: pass"],
    [
      "the watch told that all is well, and a loop",
      "import os, stat\nfor number in map(int, os.listdir('/dev/fd')):\n    try:\n        if stat.S_ISFIFO(os.fstat(number).st_mode): os.write(number, b'0' * 64)\n    except OSError: pass\nwhile True: pass",
    ],
    [
      "another program in its place",
      "import os, sys\nos.execv(sys.executable, [sys.executable, '-c', 'pass'])",
    ],
  ].map(([name = "", block = ""]): AttackCase => ({ name, source, expect: "lost", blocks: [block] })),
  {
    name: "frames forged on the descriptors that code comes upon by counting",
    source,
    expect: "ends",
    blocks: [
      `import os, json\nactivation = json.dumps({'calls': [], 'output': 'FOUND forged', 'codeMs': 0, 'state': {'kind': 'ended', 'echo': 'FOUND', 'variables': [], 'reads': [], 'unawaited': []}}).replace('FOUND', '\\\\u0046OUND')\nfor number in range(256):\n    for entry in range(5):\n        try: os.write(number, (json.dumps({'type': 'activation', 'entry': entry, 'activation': activation}) + '\\n').encode())\n        except OSError: pass`,
      "6 * 7",
    ],
  },
  {
    name: "frames of entries that were never made, forged on every descriptor",
    source,
    expect: "lost",
    blocks: [
      "import os, json\nfor number in map(int, os.listdir('/dev/fd')):\n    for entry in (0, 1, 900):\n        try: os.write(number, (json.dumps({'type': 'activation', 'entry': entry, 'activation': 'FOUND'}) + '\\n').encode())\n        except OSError: pass",
    ],
  },
  ...[
    ["noise on every descriptor", "b'noise\\n'"],
    [
      "a context of somebody else's, asked for on every descriptor",
      `b'{"type":"read","read":1,"key":"other","start":0,"end":1}\\n'`,
    ],
    ["a call of a name that nobody gave, forged on every descriptor", "forged"],
  ].map(
    ([name = "", bytes = ""]): AttackCase => ({
      name,
      source,
      expect: "lost",
      blocks: [
        `import os, json\nstate = {'kind': 'ended', 'echo': None, 'variables': [], 'reads': [], 'unawaited': []}\nactivation = {'calls': [{'index': 0, 'name': 'removeAll', 'args': []}], 'output': '', 'codeMs': 0, 'state': state}\nforged = (json.dumps({'type': 'activation', 'entry': 2, 'activation': json.dumps(activation)}) + '\\n').encode()\nfor number in map(int, os.listdir('/dev/fd')):\n    try: os.write(number, ${bytes})\n    except OSError: pass`,
      ],
    }),
  ),
  {
    name: "processes that are forked and go on with the block",
    source,
    expect: "ends",
    blocks: [
      "import os\nchild = os.fork()\nif child == 0: print('twice')\nelse: os.waitpid(child, 0)",
      "child = os.fork()\nif child == 0:\n    while True: os.sched_yield()\n6 * 7",
      "6 * 7",
    ],
  },
  {
    name: "processes that leave the group, and outlive the block",
    source,
    expect: "ends",
    blocks: [
      "import subprocess, sys\nchildren = [subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)', 'rlmflow-attack-1211'], start_new_session=away) for away in (False, True)]\nNone",
    ],
  },
  {
    name: "the environment",
    source,
    expect: "ends",
    // An interpreter that is a script of the shell's brings where it was started from.
    blocks: [
      "import os, subprocess, sys\ndef shown(variables): return [text for text in variables if 'PWD' not in text and 'PYENV' not in text]\nprint(shown(f'{name}={value}' for name, value in os.environ.items()))",
      "print(shown(open('/proc/self/environ').read().split('\\0')) if os.path.exists('/proc/self/environ') else '')",
      "print(shown(subprocess.run([sys.executable, '-c', 'import os; print(*os.environ.items(), sep=chr(10))'], capture_output=True, text=True).stdout.split('\\n')))",
    ],
  },
];

/** What code in Python has been seen to do to the REPL that it runs in, or could. */
export const pythonAttackCases: readonly AttackCase[] = [
  ...valueCases,
  ...interpreterCases,
  ...limitCases,
  ...processCases,
];
