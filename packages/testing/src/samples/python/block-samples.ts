import type { BlockSamples } from "../sample-programs.ts";

const FUNCTIONS = "[print, delegate, llm_query, llm_query_batched, done, echo, wait, VARIABLES]";

const STEPS = (name: string): string =>
  `for step in range(1000):\n    await asyncio.sleep(0)\nprint("${name}")`;

/** Blocks of Python. */
export const blockSamples: BlockSamples = {
  declare: {
    with: (n) =>
      [
        `a = ${n}; b = a + 1; c = [a]`,
        "def f():",
        "    return a * 10",
        "class G:",
        "    def value(self): return b",
        `d, (h, *rest) = "d${n}", [7]`,
        `[undeclared := ${n}]`,
        "for i in [1]:",
        `    inner = i + ${n}`,
      ].join("\n"),
    show: "import json\nprint(json.dumps([a, b, c, f(), G().value(), d, h, undeclared, inner]))",
    expected: (n) => [n, n + 1, [n], n * 10, n + 1, `d${n}`, 7, n, n + 1],
  },
  counter: {
    define: "count = 0\ndef add():\n    global count\n    count += 1\n    return count",
    addAndSet: "add()\ncount = 10",
    add: "print(add())",
    again: "count = 100",
  },
  awaits: [
    "async def shout(item):",
    '    return await echo(item) + "!"',
    'texts = await asyncio.gather(*[shout(item) for item in ["a", "b"]])',
    "async def each(items):",
    "    for item in items:",
    "        yield item",
    "async for text in each(texts):",
    "    print(text)",
    "[last] = [await echo(len(one)) for one in [texts]]",
    "print(last)",
  ].join("\n"),
  types: [
    "from typing import TypedDict, Sequence, TypeVar",
    "class Row(TypedDict):",
    "    name: str",
    "    size: int",
    'Rows = Sequence[Row]; T = TypeVar("T", bound=Row)',
    'rows: Rows = [{"name": "a", "size": 1}, {"name": "b", "size": 2}]',
    "def sizes(items: Sequence[T], /) -> int: return len(items)",
    "total: int = sizes(rows)",
    "print(total)",
  ].join("\n"),
  echoes: [
    ["6 * 7", "42"],
    ["a = 1", null],
    ["None", null],
    ["if a:\n    a", null],
    ["await asyncio.sleep(0, 'slept')", "'slept'"],
  ],
  echoOfList: '[1, {"key": "some text"}]',
  echoOfCall: "await echo(1)",
  prints: {
    code: [
      "import sys",
      'print("a", 1, True, None); print("log", file=sys.stdout); print("error", file=sys.stderr)',
      'sys.stdout.write("warn\\n"); print(); print("two\\nlines"); print({"key": [1]})',
    ].join("\n"),
    lines: ["a 1 True None", "log", "error", "warn", "", "two", "lines"],
  },
  quiescence: [
    "async def beside():",
    ...`${STEPS("beside")}\necho("from beside")`.split("\n").map((line) => `    ${line}`),
    "task = asyncio.create_task(beside())",
    STEPS("main"),
    "await echo(0)",
    STEPS("end"),
  ].join("\n"),
  throwsFar: {
    code: [
      "rows = [0]",
      "def fault(row):",
      '    raise ValueError("far out") from TypeError("deeper")',
      "fault(rows[0])",
    ].join("\n"),
    error: { name: "ValueError", message: "far out", cause: { name: "TypeError", message: "deeper" } },
    line: "fault(rows[0])",
  },
  throwsOdd: 'raise Exception({"odd": 1})',
  missing: { code: "nowhere + 1", name: "NameError" },
  halfWay: {
    code: 'step = "begun"\nstep = await echo("x")\nlist_of_it = [step]; None.nothing',
    name: "AttributeError",
  },
  showHalfWay: "import json\nprint(json.dumps([step, list_of_it]))",
  variables: {
    first: 'text = "x" * 1000; list = [1, 2, 3]; map = {}',
    second: "other = 1; list.append(4)",
  },
  lists: {
    set: 'one = "1"\ndef two(): pass',
    show: "import json\nprint(json.dumps(sorted(row.name for row in VARIABLES())))",
  },
  facts:
    'import json\nprint(json.dumps([AGENT_ID, DEPTH, MAX_DEPTH, given, globals()["not a name"], "echo" in globals()]))',
  awaitable: "import inspect, json\nprint(json.dumps(inspect.isawaitable(only(1))))",
  shadows: {
    code: [
      "print = 1; delegate = 2; CONTEXT = 3; llm_query = 4; echo = 5",
      "def done(): pass",
      "wait = 6; llm_query_batched = 7; DEPTH = 99; AGENT_ID = 'me'; VARIABLES = 8",
      "[print, delegate, CONTEXT]",
    ].join("\n"),
    seen: "[1, 2, 3]",
  },
  restored: [
    "import json",
    `print(json.dumps([all(callable(one) for one in ${FUNCTIONS}), hasattr(CONTEXT, "read"), DEPTH, AGENT_ID]))`,
  ].join("\n"),
  unawaited: [
    "kept = echo(0)",
    "echo(1)",
    "echo(2).add_done_callback(lambda call: None)",
    "llm_query('3')",
    "await lookUp(4)",
    "await kept",
    'print("end")',
  ].join("\n"),
  strays: [
    "async def strays():",
    '    raise ValueError("stray")',
    "async def waits():",
    "    await echo(1)",
    "tasks = [asyncio.create_task(strays()), asyncio.create_task(waits())]",
    "await asyncio.sleep(0)",
    'print("end")',
  ].join("\n"),
  others: [
    ["const count = (text) => text.split(' ').length;", "Python"],
    ["function count(text) {\n  return text.length;\n}", "Python"],
  ],
  deadlock: "gate = asyncio.Event(); reached = 1\nawait gate.wait()\nreached = 2",
};
