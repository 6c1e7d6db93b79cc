import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { pythonRuntime } from "./python-runtime.ts";
import { payload, ReplDriver } from "./repl-driver.ts";

const runtime = pythonRuntime();
const LARGE = "x".repeat(9_000_000);
let one: ReplDriver;
let several: ReplDriver;
let large: ReplDriver;

beforeAll(async () => {
  one = await ReplDriver.open(runtime, {
    contexts: [payload("log", "an error\nno fault\nan error again\n")],
  });
  const keys = ["INC-1000", "INC-1001", ...Array.from({ length: 30 }, (_, i) => `more ${i}`)];
  several = await ReplDriver.open(runtime, { contexts: keys.map((key) => payload(key, `text of ${key}`)) });
  large = await ReplDriver.open(runtime, { contexts: [payload("book", LARGE)] });
}, 120_000);
afterAll(() => runtime.close());

describe("one context", () => {
  test.each<[string, string]>([
    ["CONTEXT.text() == CONTEXT.read() == CONTEXT.get('log').text() == CONTEXT['log'].read()", "True"],
    [
      "CONTEXT.slice(3, 8).text() + CONTEXT.slice(3, 8).read() + str(CONTEXT.slice(3, 8))",
      "'errorerrorerror'",
    ],
    ["CONTEXT[3:8]", "'error'"],
    [
      "'fault' in CONTEXT, 'FAULT' in CONTEXT, '' in CONTEXT, 'fault\\nan' in CONTEXT",
      "(True, False, True, True)",
    ],
    ["'err' in CONTEXT.slice(3, 8), 'no' in CONTEXT.slice(3, 8)", "(True, False)"],
    ["CONTEXT.lineCount()", "3"],
    ["CONTEXT.get('nothing', None)", ""],
    ["CONTEXT", '(key "log"; it has 33 characters, and CONTEXT.text() gives its text)'],
    ["print(CONTEXT)", '(key "log"; it has 33 characters, and CONTEXT.text() gives its text)'],
    ["CONTEXT.slice(0, 20)", "CONTEXT.slice(0, 20) (20 characters; text() reads it)"],
    ["print(CONTEXT.slice(0, 8))", "an error\n"],
    ["CONTEXT[0]", "CONTEXT.lines()[0] is a line, CONTEXT.text()[0] a character"],
    ["CONTEXT[::-1]", "write CONTEXT.text()[::-1]"],
    ["for line in CONTEXT: pass", "write CONTEXT.lines() for its lines"],
    ["5 in CONTEXT", "`in CONTEXT` takes a str, not int"],
    ["str(CONTEXT)", "CONTEXT is not a str: it has 33 characters, and CONTEXT.text() gives its text"],
    ["f'{CONTEXT}'", "CONTEXT.text() gives its text"],
    ["CONTEXT.split(',')", "CONTEXT is not a str and has no split; it has chunks, get, grep, info, keys,"],
    [
      "CONTEXT.get('lgo')",
      'KeyError: CONTEXT has no key "lgo"; the keys are "log"; did you mean CONTEXT.get("log")?',
    ],
    ["CONTEXT['wrong']", 'KeyError: CONTEXT has no key "wrong"; the keys are "log"'],
    [
      "CONTEXT.slice(0, 3).words()",
      "a slice of CONTEXT has no words; it has text(), key, start, end and length",
    ],
  ])("%s", async (code, shown) => {
    expect(await one.shown(code)).toContain(shown);
  });
});

describe("several contexts", () => {
  test.each<[string, string]>([
    [
      "CONTEXT['INC-1000'].text(), CONTEXT.get('INC-1001').text()",
      "('text of INC-1000', 'text of INC-1001')",
    ],
    ["'INC-1000' in CONTEXT, 'INC' in CONTEXT", "(True, False)"],
    [
      "CONTEXT.text()",
      'several payloads: use CONTEXT.get("INC-1000"); the keys are "INC-1000", "INC-1001", "more 0"',
    ],
    ["CONTEXT[0]", 'CONTEXT has no key of the type int; the keys are "INC-1000"'],
    ["CONTEXT.get('inc-1000')", "… 12 more"],
    ["CONTEXT.get('INC 1000')", 'did you mean CONTEXT.get("INC-1000")?'],
    ["CONTEXT[:10]", 'use CONTEXT.get("INC-1000")'],
    ["len(CONTEXT)", 'use CONTEXT.get("INC-1000")'],
    ["CONTEXT.get('INC-1000')", 'CONTEXT.get("INC-1000") (key "INC-1000"; it has 16 characters'],
    ["CONTEXT.get('INC-1000').slice(0, 4)", 'CONTEXT.get("INC-1000").slice(0, 4) (4 characters'],
  ])("%s", async (code, shown) => {
    expect(await several.shown(code)).toContain(shown);
  });
});

describe("a context that is too large to be read at once", () => {
  test.each([
    "CONTEXT.text()",
    "CONTEXT.read()",
    "CONTEXT.lines()",
    "str(CONTEXT.slice(0))",
    "CONTEXT[:]",
    "CONTEXT.get('book').text()",
  ])("%s is refused with its size and what to do", async (code) => {
    const shown = await large.shown(code);
    expect(shown).toContain("9,000,000 characters, more than the 8,388,608 that are read at once");
    expect(shown).toMatch(/CONTEXT.*\.chunks\(200_000\)/);
  });

  test("is read in parts, and searched", async () => {
    expect(await large.shown("len(CONTEXT.read(0, 200_000)), 'xy' in CONTEXT, CONTEXT")).toContain(
      "CONTEXT.read(0, 200_000) gives a part of its text",
    );
    expect(await large.shown("sum(len(part.text()) for part in CONTEXT.chunks(200_000))")).toBe("9000000");
  });
});

test("a byte order mark hides no first line and no first column, and is told of", async () => {
  const marked = await ReplDriver.open(runtime, { contexts: [payload("table", "\ufeffid,name\n1,x")] });
  expect(await marked.shown("CONTEXT.lines(), CONTEXT.lines(1), CONTEXT.line_count()")).toBe(
    "(['id,name', '1,x'], ['1,x'], 2)",
  );
  expect(await marked.shown("import re", "CONTEXT.grep(re.compile('^id'))[0]")).toBe(
    "{'line': 0, 'start': 1, 'text': 'id,name'}",
  );
  expect(await marked.shown("len(CONTEXT.text())")).toBe(
    "Note: the text begins with a byte order mark, U+FEFF: CONTEXT.read(1) is what follows it.\n12",
  );
  expect(await marked.shown("CONTEXT.read(1)[:2]")).toBe("'id'");
});

describe("grep", () => {
  test("says how much it found, and what its numbers mean", async () => {
    expect(await one.shown("CONTEXT.grep('error')")).toBe(
      "2 hits (line counts from 0, start is the position in CONTEXT, text is the line, or 500 characters of it around the hit):\n" +
        "{'line': 0, 'start': 3, 'text': 'an error'}\n{'line': 2, 'start': 21, 'text': 'an error again'}",
    );
    expect(await one.shown("print(CONTEXT.grep('error', 1))")).toContain("1 hit, and there may be more (");
    expect(await one.shown("CONTEXT.grep('nothing')")).toBe("0 hits");
  });

  test("that found nothing says so where the block shows nothing else", async () => {
    const search = [
      "for word in ['nothing', 'nowhere', 'nothing']:",
      "    for hit in CONTEXT.grep(word):",
      "        print(hit)",
    ];
    expect(await one.shown(...search)).toBe(
      '0 hits for "nothing" in CONTEXT\n0 hits for "nowhere" in CONTEXT\n',
    );
    expect(await one.shown(...search, "print('done')")).toBe("done\n");
    expect(await one.shown("x = 1")).toBe("");
  });

  test("gives a list like any other", async () => {
    expect(
      await one.shown(
        "hits = CONTEXT.grep('error')",
        "isinstance(hits, list), hits[0].line, hits[1:][0]['line']",
      ),
    ).toBe("(True, 0, 2)");
    expect(
      await one.shown("import json", "print(json.dumps(CONTEXT.grep('nothing')), hits == list(hits))"),
    ).toBe("[] True\n");
    const activation = await one.start("echo(hits)", "None");
    expect(activation.calls[0]?.args).toEqual([
      [
        { line: 0, start: 3, text: "an error" },
        { line: 2, start: 21, text: "an error again" },
      ],
    ]);
  });

  test("says once that its own maximum cut it, and nothing of a maximum that code gave", async () => {
    const many = await ReplDriver.open(runtime, { contexts: [payload("many", "hit\n".repeat(1200))] });
    const note = 'Note: grep for "hit" stopped at 100 hits, and there may be more: grep(pattern, 1000).\n';
    expect(await many.shown("len(CONTEXT.grep('hit')) + len(CONTEXT.grep('hit'))")).toBe(`${note}200`);
    expect(await many.shown("len(CONTEXT.grep('hit', 20))")).toBe("20");
    expect(await many.shown("len(CONTEXT.grep('hit', 5000))")).toBe(
      'Note: grep for "hit" stopped at 1000 hits, and there may be more: CONTEXT.chunks(200_000) are parts to search.\n1000',
    );
    const exact = await ReplDriver.open(runtime, { contexts: [payload("exact", "hit\n".repeat(100))] });
    expect(await exact.shown("len(CONTEXT.grep('hit'))")).toBe("100");
  });
});
