import type { Activation } from "@rlmflow/core/driver";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { pythonRuntime } from "./python-runtime.ts";
import { payload, ReplDriver } from "./repl-driver.ts";

const runtime = pythonRuntime();
const TEXT = "1 ok\n2 ERROR x\n3 ok\n";
let repl: ReplDriver;
let without: ReplDriver;

beforeAll(async () => {
  repl = await ReplDriver.open(runtime, { contexts: [payload("context", TEXT)], functions: ["echo"] });
  without = await ReplDriver.open(runtime, { functions: ["readFile"] });
}, 120_000);
afterAll(() => runtime.close());

/** The last line that a block is answered with. */
const advice = async (code: string): Promise<string> => (await repl.shown(code)).split("\n").at(-1) ?? "";

describe("what was not awaited is answered with the lines that await it", () => {
  test.each<[string, string]>([
    ["r = llm_query('hi')\nprint(r.strip())", "r = await llm_query('hi')\nprint(r.strip())"],
    [
      "rs = [llm_query(p) for p in 'ab']\nrs[0].upper()",
      "rs = await asyncio.gather(*[llm_query(p) for p in 'ab'])\nrs[0].upper()",
    ],
    ["print(llm_query('a').upper())", "print((await llm_query('a')).upper())"],
    ["first, second = llm_query_batched(['a', 'b'])", "first, second = await llm_query_batched(['a', 'b'])"],
    [
      "for part in llm_query_batched(['a', 'b']):\n    print(part)",
      "for part in await llm_query_batched(['a', 'b']):",
    ],
    ["print(len(echo('a')))", "print(len(await echo('a')))"],
    ["x = 'text: ' + llm_query('ä')", "x = 'text: ' + (await llm_query('ä'))"],
    ["import json\njson.loads(llm_query('a'))", "json.loads(await llm_query('a'))"],
    ["import json\njson.dumps(\n    delegate('a', 'A')\n)", "json.dumps(\n    await delegate('a', 'A')\n)"],
    ["first, second = delegate('a', 'A')", "first, second = await delegate('a', 'A')"],
    ["h = delegate('a', 'A')\nprint(h.result)", "print(await h)"],
    ["h = delegate('a', 'A')\nif True:\n    x = h.value + h.answer", "x = (await h) + (await h)"],
    ["print(delegate('a', 'A').result())", "print(await delegate('a', 'A'))"],
    ["hs = [delegate('a', 'A')]\nprint(hs[0].output)", "print(await hs[0])"],
    ["hs = [delegate('a', 'A')]\nsum(hs)", "sum(await wait(*hs))"],
    ["results = wait(*hs)\nfor r in results:\n    print(r)", "results = await wait(*hs)\nfor r in results:"],
    [
      "rs = [echo(x) for x in 'ab']\n', '.join(rs)",
      "rs = await asyncio.gather(*[echo(x) for x in 'ab'])\n', '.join(rs)",
    ],
    ["async def later(): return 1\nprint(later() + 1)", "print((await later()) + 1)"],
  ])("%s", async (code, expected) => {
    const shown = await repl.shown(code);
    expect(shown).toMatch(/It is a (call|child) that was not awaited/);
    expect(shown.endsWith(`Here:${expected.includes("\n") ? "\n" : " "}${expected}`), shown).toBe(true);
  });

  test("and in words where `await` cannot stand", async () => {
    const shown = await repl.shown("def plain(): return llm_query('x').upper()", "plain()");
    expect(shown).toContain("not awaited: write value = await call, and use the value.");
    expect(await repl.shown("call = [llm_query('x')]", "None")).toBe("");
    expect(await repl.shown("call[0].upper()")).toContain(
      "not awaited: write value = await call, and use the value.",
    );
  });
});

describe("CONTEXT in the place of a text or a list is answered with what reads it", () => {
  test.each<[string, string]>([
    ["import json\nd = json.loads(CONTEXT)", "d = json.loads(CONTEXT.text())"],
    ["d = json.loads(context)", "d = json.loads(context.text())"],
    ["lines = CONTEXT.split('\\n')", "lines = CONTEXT.text().split('\\n')"],
    [
      "import csv\nfor row in csv.reader(CONTEXT):\n    print(row)",
      "for row in csv.reader(CONTEXT.lines()):",
    ],
    ["import re\nre.findall('x', CONTEXT)", "re.findall('x', CONTEXT.text())"],
    ["for line in CONTEXT:\n    print(line)", "for line in CONTEXT.lines():"],
    ["[line for line in CONTEXT]", "[line for line in CONTEXT.lines()]"],
    ["'Summarize: ' + CONTEXT", "'Summarize: ' + CONTEXT.text()"],
    ["print(llm_query('Sum up: ' + CONTEXT))", "print(await llm_query('Sum up: ' + CONTEXT.text()))"],
    ["print('said', llm_query('a' + CONTEXT))", "print('said', await llm_query('a' + CONTEXT.text()))"],
    ["f'Summarize: {CONTEXT}'", "f'Summarize: {CONTEXT.text()}'"],
    ["sorted(CONTEXT)", "sorted(CONTEXT.lines())"],
    ["''.join(CONTEXT)", "''.join(CONTEXT.text())"],
    ["import io\nio.StringIO(CONTEXT)", "io.StringIO(CONTEXT.text())"],
    ["print(json.dumps({'text': CONTEXT.get('context')}))", ""],
    ["parts = CONTEXT.chunks(5)\nparts[0].split()", "parts[0].text().split()"],
    ["for part in parts:\n    print(part.upper())", "print(part.text().upper())"],
    ["json.loads(CONTEXT.slice(0, 1))", "json.loads(CONTEXT.slice(0, 1).text())"],
  ])("%s", async (code, expected) => {
    if (expected === "") expect(await repl.shown(code)).toContain("not JSON serializable");
    else expect(await advice(code)).toBe(`Write: ${expected}`);
  });
});

describe("names of other systems", () => {
  test.each<[string, string]>([
    ["answer(42)", "The answer is given with done, one value. Write: await done(42)"],
    ["x = 4\nawait submit(x)", "The answer is given with done, one value. Write: await done(x)"],
    [
      "final_answer(answer={'total': x})",
      "The answer is given with done, one value. Write: await done({'total': x})",
    ],
    ["def end(): finish(x)\nend()", "The answer is given with done, one value. Write: def end(): done(x)"],
    ["submit(1, 2)", "The answer is given with done, one value."],
    ["console.log(x, 'y')", "This is Python. Write: print(x, 'y')"],
    ["d = JSON.parse('{}')", "This is Python. Write: d = json.loads('{}')"],
    ["words = ['a']\nwords.length", "This is Python: write len(words)."],
    ["words.push('b')", "This is Python: write words.append('b')."],
    ["words.map(lambda w: w.upper())", "This is Python: write list(map(lambda w: w.upper(), words))."],
    ["d = {'key': 1}\nd.key", 'This is Python: write d["key"].'],
    ["Counter('aab')", "Write `from collections import Counter` first."],
    ["statistics.mean([1])", "Write `import statistics` first."],
    [
      "chapter = 'x' * 2000\nh = delegate('Who hides what in the cellar?', chapter)",
      "Write: h = delegate(\"child\", 'Who hides what in the cellar?', context=chapter)",
    ],
  ])("%s", async (code, expected) => {
    expect(await advice(code)).toBe(expected);
  });

  test.each<[string, string, readonly unknown[]]>([
    ["FINAL(42)", "done", [42]],
    ["return done(42)", "done", [42]],
    ["if True:\n    return await FINAL(42)", "done", [42]],
    ["total = 7\nFINAL_VAR('total')", "done", [7]],
    ["FINAL_VAR(total)", "done", [7]],
    ["FINAL_VAR('no such name')", "done", ["no such name"]],
    ["llmQuery('q')\nNone", "llmQuery", ["q", {}]],
    ["llm_query('q', schema={'type': 'integer'})\nNone", "llmQuery", ["q", { output: { type: "integer" } }]],
    [
      "delegate('a', 'q', maxIterations=3, outputSchema={}, contexts='x')\nNone",
      "delegate",
      ["a", "q", { contexts: [{ kind: "text", key: "context", text: "x" }], maxIterations: 3, output: {} }],
    ],
    [
      "delegate('a', 'q', CONTEXT.read(0, 4))\nNone",
      "delegate",
      ["a", "q", { contexts: [{ kind: "text", key: "context", text: "1 ok" }] }],
    ],
    ["asyncio.run(llm_query('q'))", "llmQuery", ["q", {}]],
    ["asyncio.get_event_loop().run_until_complete(llm_query('q'))", "llmQuery", ["q", {}]],
    [
      "async def main():\n    return await llm_query('q')\nif __name__ == '__main__':\n    asyncio.run(main())",
      "llmQuery",
      ["q", {}],
    ],
  ])("%s is understood, and recorded as what it means", async (code, name, args) => {
    const { calls }: Activation = await repl.start(code);
    expect(calls.map((call) => [call.name, call.args])).toEqual([[name, args]]);
  });

  test.each(["'text'.get('n')", "'text'.entries()", "class Words(list): pass\nWords().push(1)"])(
    "%s gets no advice, for there is none",
    async (code) => {
      expect(await advice(code)).toMatch(/^AttributeError: /);
    },
  );

  test("a short name with a long task is a child like any other", async () => {
    const { calls } = await repl.start(
      "delegate('summarize part 3', 'Summarize this: ' + 'word ' * 500)",
      "None",
    );
    expect(calls.map((call) => call.args[0])).toEqual(["summarize part 3"]);
  });

  test("last only until code sets them", async () => {
    expect(
      await repl.shown("context.text() == CONTEXT.text(), [row.name for row in SHOW_VARS()] == []"),
    ).toContain("True");
    expect(await repl.shown("context = CONTEXT.lines()", "len(context)")).toBe("3");
    expect(await repl.shown("context[1]")).toBe("'2 ERROR x'");
    expect(await repl.shown("del context", "context.line_count()")).toBe("3");
  });
});

describe("what is not there is answered with where the input is", () => {
  test.each<[string, string]>([
    ["open('context.txt')", "FileNotFoundError"],
    ["from pathlib import Path\nPath('context').read_text()", "FileNotFoundError"],
    ["import rlmflow_no_such_module", "ModuleNotFoundError"],
    ["input('?')", "EOFError"],
    ["import sys\nsys.stdin.read()", "EOFError"],
    ["import sys\nsys.argv[1]", "IndexError"],
    ["import os\nos.environ['NO_SUCH_NAME']", "KeyError"],
    ["import socket\nraise socket.gaierror(-2, 'Name or service not known')", "gaierror"],
  ])("%s", async (code, name) => {
    const shown = await repl.shown(code);
    expect(shown).toContain(`${name}: `);
    expect(shown).toMatch(
      /The input is in CONTEXT: it has 20 characters, and CONTEXT.text\(\) gives its text\.$/,
    );
    expect(await without.shown(code)).toMatch(/This agent was given no input but its task\.$/);
  });

  test("and how files are read, where the host reads them", async () => {
    expect(await without.shown("open('notes/a.txt').read()")).toContain(
      "Write: await readFile('notes/a.txt')\nThis agent",
    );
  });
});

describe("what else is answered with code that runs as it stands", () => {
  test.each<[string, string]>([
    [
      "answer = llm_query('Sum up: ' + CONTEXT)",
      "Write: answer = await llm_query('Sum up: ' + CONTEXT.text())",
    ],
    ["text = 'Sum up: ' + CONTEXT", "Write: text = 'Sum up: ' + CONTEXT.text()"],
    [
      "answer = llm_query('hi')\nFINAL(answer)",
      "`await answer` on its own does not change `answer`. Write: await FINAL(await answer)",
    ],
    ["answer = llm_query('hi')\nawait done(answer)", "Write: await done(await answer)"],
    ["row = {'id;account': '1;2'}\nrow['id']", "The keys of row: 'id;account'."],
    ["rows = [{'a': 1, 'b': 2}]\nfor row in rows:\n    print(row['c'])", "The keys of row: 'a', 'b'."],
    ["empty = {}\nempty['c']", "The keys of empty: none."],
  ])("%s", async (code, expected) => {
    expect(await advice(code)).toContain(expected);
  });

  test("a table is read with the separator that was meant", async () => {
    const shown = await repl.shown("import pandas as pd\nframe = pd.read_csv('a.csv', sep=';')");
    expect(shown).toContain("rows = list(csv.DictReader(CONTEXT.lines(), delimiter=';'))");
    expect(await repl.shown("import pandas as pd")).toContain("DictReader(CONTEXT.lines())); another sign");
  });

  test("all that is JavaScript in a block is named at once", async () => {
    const shown = await repl.shown("const n = 1;\nif (n === 1 && n) {\n  // one\n  console.log(n);\n}");
    expect(shown).toContain(
      "write `n = 1`, without const or let. Further in the block: `==` and `!=`, `and` and `or`, print(value), comments behind `#`, blocks indented behind `:`.",
    );
  });
});
