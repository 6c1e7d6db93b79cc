import { afterAll, describe, expect, test } from "vitest";
import { processorMs } from "../../../../test/processor-time.ts";
import { localRuntime } from "../../src/index.ts";
import { payload, ReplDriver } from "../repl-driver.ts";

const runtime = localRuntime();
afterAll(() => runtime.close());

const TEXT = "first line\nsecond: ERROR one\r\nthird\n\nlast ERROR two";
const open = (text = TEXT) => ReplDriver.open(runtime, { contexts: [payload("doc", text)] });

/** Code over {@link TEXT}, and what it shows. */
const SHOWN: readonly (readonly [string, string])[] = [
  ["CONTEXT.info()", '{ key: "doc", characters: 51 }'],
  ["CONTEXT.keys()", '["doc"]'],
  ["CONTEXT.read(0, 5)", '"first"'],
  ["CONTEXT.read(-3)", '"two"'],
  ["CONTEXT.read(5, 3)", '""'],
  ["CONTEXT.read(40, 1e9)", '"t ERROR two"'],
  ["CONTEXT.read().length", "51"],
  ["CONTEXT.lineCount()", "5"],
  ["CONTEXT.lines(0, 2)", '["first line", "second: ERROR one"]'],
  ["CONTEXT.lines(3)", '["", "last ERROR two"]'],
  ["CONTEXT.lines(-1)", '["last ERROR two"]'],
  ["CONTEXT.lines(9, 12)", "[]"],
  [
    "CONTEXT.grep('ERROR')",
    '[\n  { line: 1, start: 19, text: "second: ERROR one" },\n  { line: 4, start: 42, text: "last ERROR two" }\n]',
  ],
  ["CONTEXT.grep('ERROR', 1).length", "1"],
  ["CONTEXT.grep('.')", "[] (0 hits)"],
  ["CONTEXT.grep(/^t/)", '[{ line: 2, start: 30, text: "third" }]'],
  ["CONTEXT.grep(/e$/).map((h) => h.line)", "[0, 1]"],
  ["CONTEXT.grep(/error (one|two)/i).map((h) => h.start)", "[19, 42]"],
  ["CONTEXT.grep(/^$/).map((h) => h.line)", "[3]"],
  ["CONTEXT.slice(0, 5)", "CONTEXT.slice(0, 5) stands for 5 characters: text() reads them"],
  ["CONTEXT.slice(6, 10).text()", '"line"'],
  ["String(CONTEXT.slice(6, 10)) + '!'", '"line!"'],
  ["const s = CONTEXT.slice(6, 10); [s.key, s.start, s.end, s.length]", '["doc", 6, 10, 4]'],
  ["CONTEXT.chunks(20).map((c) => c.text().length)", "[20, 20, 11]"],
  ["CONTEXT.chunks(20).map((c) => c.text()).join('') === CONTEXT.read()", "true"],
  ["CONTEXT.get('doc').read(0, 1)", '"f"'],
  ["CONTEXT", 'CONTEXT (51 characters, key "doc") stands for 51 characters: text() reads them'],
];

test.each(SHOWN)("%s shows %j", async (code, shown) => {
  const repl = await open();
  expect(await repl.print(code)).toBe(shown);
});

test.each([
  ["CONTEXT.read('a')", "start must be a number"],
  ["CONTEXT.read(0, NaN)", "end must be a number"],
  ["CONTEXT.chunks(0)", "chunks takes the size of a chunk in characters, at least 1"],
  ["CONTEXT.get('other')", 'there is no key "other"; the key is "doc"'],
  ["CONTEXT.grep(5)", "grep takes a string or a regular expression"],
  ["CONTEXT.grep('')", "grep needs a pattern that is not empty"],
  ["CONTEXT.grep('a\\nb')", "grep looks at one line at a time"],
  ["CONTEXT.grep('x'.repeat(1001))", "grep takes patterns of at most 1000 characters"],
  ["CONTEXT.grep(/(?=a)/)", "grep cannot run /(?=a)/ in linear time"],
  ["CONTEXT.grep(/(a)\\1/)", "leave out lookaround, backreferences and large counts"],
  ["CONTEXT.grep(/a/u)", "grep takes no regular expressions with the flag u or v; leave it out"],
  ["'' + CONTEXT", "CONTEXT is not a string: write CONTEXT.text() (it has 51 characters)"],
])("%s is refused", async (code, message) => {
  const repl = await open();
  expect(await repl.print(code)).toContain(message);
});

describe("several payloads", () => {
  const openTwo = () =>
    ReplDriver.open(runtime, {
      contexts: [payload("a", "A text"), { ...payload("b", "B"), metadata: { pages: 2 } }],
    });

  test("are listed and read by key", async () => {
    const repl = await openTwo();
    expect(
      await repl.print("print(CONTEXT.keys(), CONTEXT.get('b').info()); CONTEXT.get('a').read(0, 1)"),
    ).toBe('["a", "b"] { key: "b", characters: 1, metadata: { pages: 2 } }\n"A"');
    expect(await repl.print("CONTEXT.info().length")).toBe("2");
  });

  test.each(["CONTEXT.read(0, 1)", "CONTEXT.lineCount()", "CONTEXT.chunks(5)"])(
    "%s names the keys",
    async (code) => {
      const repl = await openTwo();
      expect(await repl.print(code)).toContain(
        'CONTEXT holds several payloads: use CONTEXT.get("a"); the keys are "a", "b"',
      );
    },
  );

  test("as a whole cannot be passed on", async () => {
    const repl = await openTwo();
    expect(await repl.print("delegate('x', 'q', { context: CONTEXT })")).toContain('write CONTEXT.get("a")');
  });

  test("or none: the short form says so", async () => {
    const repl = await ReplDriver.open(runtime);
    expect(await repl.print("CONTEXT.read(0, 1)")).toContain("TypeError: this agent was given no context");
    expect(await repl.print("CONTEXT.keys()")).toBe("[]");
  });
});

describe("surrogate pairs", () => {
  const FACES = "a😀b😀".repeat(40_000);

  test("are never split, and neighbouring ranges lose nothing", async () => {
    const repl = await open(FACES);
    const code = `const whole = CONTEXT.read();
      const parts = [7, 65_537, 1].map((size) => CONTEXT.slice(0, 700).length && CONTEXT.chunks(Math.max(size, 7)).map((c) => c.text()));
      print(parts.map((p) => p.join("") === whole), parts.flat().every((t) => t.isWellFormed()), CONTEXT.read(1, 2), CONTEXT.read(2, 3).length);`;
    expect(await repl.print(code)).toBe("[true, true, true] true  2\n");
  });

  test("at the ends of a slice move out of the child's way", async () => {
    const repl = await open(FACES);
    const activation = await repl.start("delegate('a', 'q', { context: CONTEXT.slice(2, 6) })");
    expect(activation.calls[0]?.args[2]).toEqual({
      contexts: [{ kind: "slice", key: "context", slice: { key: "doc", start: 1, end: 6 } }],
    });
  });
});

describe("large payloads", () => {
  const LINES = Array.from({ length: 60_000 }, (_, i) => `line ${i} ${"x".repeat(i % 50)}`).join("\n");
  const LONG = `${"y".repeat(200_000)}needle${"y".repeat(200_000)}needle`;

  test("lines and grep agree with the text over piece borders", async () => {
    const repl = await open(LINES);
    const code =
      "const all = CONTEXT.read().split('\\n'); const at = [0, 1, 2047, 30_000, 59_999]; print(CONTEXT.lineCount(), at.every((i) => CONTEXT.lines(i, i + 1)[0] === all[i]), CONTEXT.lines().length); CONTEXT.grep(/line (12345|59999) /).map((h) => [h.line, CONTEXT.read(h.start, h.start + 10)])";
    expect(await repl.print(code)).toBe('60000 true 60000\n[[12345, "line 12345"], [59999, "line 59999"]]');
  });

  test("a long line gives a hit for each match that lies apart, its text cut around it", async () => {
    const repl = await open(LONG);
    const code =
      "const hits = [CONTEXT.grep('needle'), CONTEXT.grep(/n(e+)dle/)]; hits.map((h) => h.map((x) => [x.line, x.start, x.text.length <= 500, x.text.includes('needle')]))";
    const expected = "[[0, 200000, true, true], [0, 400006, true, true]]";
    expect(await repl.print(code)).toBe(`[\n  ${expected},\n  ${expected}\n]`);
  });

  test("a host is asked for ranges within one piece only, and never for the whole", async () => {
    const asked: (readonly [number, number])[] = [];
    const doc = payload("doc", LINES);
    const read = (start: number, end: number): string => {
      asked.push([start, end]);
      return doc.read(start, end);
    };
    const repl = await ReplDriver.open(runtime, { contexts: [{ ...doc, read }] });
    await repl.start(
      "CONTEXT.read(100, 200); CONTEXT.lines(3, 5); CONTEXT.grep('line 59'); CONTEXT.read(60_000, 70_000)",
    );
    expect(asked.length).toBeGreaterThan(10);
    expect(
      asked.filter(([start, end]) => Math.floor(start / 65_536) !== Math.floor((end - 1) / 65_536)),
    ).toEqual([]);
  });

  test.each([
    "/(a+)+$/",
    "/(a|a)*b/",
    "/(.*)(.*)(.*)(.*)x/",
    `'${"a".repeat(999)}b'`,
    `'b${"a".repeat(999)}'`,
  ])("grep with %s takes linear time", async (pattern) => {
    const repl = await open(`${"a".repeat(300_000)}\n${"a".repeat(300_000)}c`);
    const spent = await processorMs(async () => {
      const activation = await repl.start(`CONTEXT.grep(${pattern}).length`);
      expect(activation.state.kind).toBe("ended");
    });
    expect(spent).toBeLessThan(5_000);
  });
});

describe("what CONTEXT shares with a string", () => {
  test("is its length", async () => {
    const repl = await open("abc");
    expect(
      await repl.print(
        "[CONTEXT.length, CONTEXT.get('doc').length, Object.keys(CONTEXT).includes('length')]",
      ),
    ).toBe("[3, 3, false]");
    const two = await ReplDriver.open(runtime, { contexts: [payload("a", "x"), payload("b", "yy")] });
    expect(await two.print("CONTEXT.get('b').length")).toBe("2");
    expect(await two.print("CONTEXT.length")).toContain('use CONTEXT.get("a"); the keys are');
  });

  test.each([
    [
      "CONTEXT.split('\\n')",
      'CONTEXT is not a string: write CONTEXT.text().split("\\n") (it has 3 characters)',
    ],
    ["CONTEXT.substring(0, 5)", "write CONTEXT.text().substring(0, 5) (it has 3 characters)"],
    ["CONTEXT.indexOf('x')", 'write CONTEXT.text().indexOf("x") (it has 3 characters)'],
    ["CONTEXT.replace(/x/g, 'y')", "write CONTEXT.text() (it has 3 characters)"],
    ["CONTEXT.map((line) => line)", "CONTEXT is not a list: write CONTEXT.lines() (it has 3 characters)"],
    ["for (const line of CONTEXT) print(line)", "CONTEXT is not a list: write CONTEXT.lines() (it"],
    ["[...CONTEXT]", "CONTEXT is not a list: write CONTEXT.lines() (it has 3 characters)"],
    [
      "CONTEXT.get('doc').trim()",
      'CONTEXT.get("doc") is not a string: write CONTEXT.get("doc").text().trim() (it has 3 characters)',
    ],
    [
      "CONTEXT.slice(0, 2).split('')",
      'a slice is not a string: text() reads it, as in CONTEXT.slice(0, 2).text().split("")',
    ],
    ["CONTEXT.chunks(2)[0].match(/x/)", "as in CONTEXT.slice(0, 2).text()"],
    [
      "CONTEXT.chunks(2)[0].map((line) => line)",
      'a slice is not a list: text() reads it, as in CONTEXT.slice(0, 2).text().split("\\n")',
    ],
  ])("%s says what to call instead", async (code, message) => {
    const repl = await open("abc");
    const activation = await repl.start(code);
    expect(activation.state).toMatchObject({
      kind: "threw",
      error: { name: "TypeError", message: expect.stringContaining(message) },
    });
  });

  test("with several payloads names the keys", async () => {
    const repl = await ReplDriver.open(runtime, { contexts: [payload("a", "x"), payload("b", "y")] });
    expect(await repl.print("CONTEXT.split('')")).toContain('use CONTEXT.get("a"); the keys are');
  });
});

describe("what was read", () => {
  test("is merged, per key and per block", async () => {
    const repl = await open("0123456789".repeat(100));
    const first = await repl.start(
      "CONTEXT.read(0, 10); CONTEXT.read(5, 20); CONTEXT.read(40, 50); CONTEXT.read(20, 25); CONTEXT.slice(60, 70); CONTEXT.lineCount(); CONTEXT.chunks(100)[3].text(); 0",
    );
    expect(first.state).toMatchObject({
      reads: [
        { key: "doc", start: 0, end: 25 },
        { key: "doc", start: 40, end: 50 },
        { key: "doc", start: 300, end: 400 },
      ],
    });
    const second = await repl.start("1");
    expect(second.state).toMatchObject({ reads: [] });
  });

  test("stays bounded however scattered it is", async () => {
    const repl = await open("0123456789".repeat(1_000));
    const activation = await repl.start("for (let i = 0; i < 3_000; i++) CONTEXT.read(i * 3, i * 3 + 1)");
    const { reads } = activation.state.kind === "ended" ? activation.state : { reads: [] };
    expect(reads).toHaveLength(256);
    expect([reads[0]?.start, reads.at(-1)?.end]).toEqual([0, 8_998]);
  });
});

test("a payload that cannot be read is an error of the code, without the host's", async () => {
  const read = (): string => {
    throw new Error("/secret/path is gone");
  };
  const repl = await ReplDriver.open(runtime, { contexts: [{ ...payload("doc", "text"), read }] });
  const shown = await repl.print(
    "try { CONTEXT.read(0, 2) } catch (e) { print(e.message, e.stack, e.cause) }",
  );
  expect(shown).toBe(
    "the context could not be read Error: the context could not be read\n    at block 1, line 1 undefined\n",
  );
});
