import { afterAll, describe, expect, test } from "vitest";
import { localRuntime } from "../../src/index.ts";
import { ReplDriver } from "../repl-driver.ts";

const runtime = localRuntime();
afterAll(() => runtime.close());

const open = () => ReplDriver.open(runtime);

describe("an uncaught error", () => {
  test("shows name, message and the model's own lines with a caret", async () => {
    const repl = await open();
    const shown = await repl.print(
      "const rows = [{ a: 1 }];\nfunction pick(row) {\n  return row.b.c;\n}\nrows.map(pick);",
    );
    expect(shown).toBe(
      [
        "TypeError: Cannot read properties of undefined (reading 'c')",
        "  at line 3 in pick:",
        "      return row.b.c;",
        "                   ^",
        "  at line 5:",
        "    rows.map(pick);",
      ].join("\n"),
    );
  });

  test("points into earlier blocks too", async () => {
    const repl = await open();
    await repl.start("const twice = (x) => {\n  return x.length.toFixed() + missing;\n};");
    expect(await repl.print("twice([])")).toBe(
      [
        "ReferenceError: missing is not defined",
        "  at line 2 of an earlier block (root#1) in twice:",
        "      return x.length.toFixed() + missing;",
        "                                  ^",
        "  at line 1:",
        "    twice([])",
      ].join("\n"),
    );
  });

  test("tells the chain of causes", async () => {
    const repl = await open();
    const activation = await repl.start(
      "throw new Error('outer', { cause: new RangeError('inner', { cause: 'text' }) })",
    );
    expect(activation.state).toMatchObject({
      kind: "threw",
      syntax: false,
      error: {
        name: "Error",
        message: "outer",
        cause: { name: "RangeError", message: "inner", cause: { message: 'threw "text"' } },
      },
      text: expect.stringMatching(
        /^Error: outer\n[\s\S]*\nCaused by RangeError: inner\n[\s\S]*\nCaused by Error: threw "text"$/,
      ),
    });
  });

  test.each([
    ["throw 5", "Error: threw 5"],
    ["throw undefined", "Error: threw undefined"],
    ["throw { code: 1 }", "Error: threw { code: 1 }"],
    ["throw Object.assign(new Error('m'), { name: 'Custom' })", "Custom: m"],
    ["throw new (class Mine extends Error { name = 'Mine' })('text')", "Mine: text"],
    ["(function f() { f() })()", "RangeError: Maximum call stack size exceeded"],
    ["null.x", "TypeError: Cannot read properties of null (reading 'x')"],
    ["await Promise.reject(new Error('late'))", "Error: late"],
    ["await Promise.any([Promise.reject(1)])", "AggregateError: All promises were rejected"],
    ["JSON.parse('{')", "SyntaxError: Expected property name or '}' in JSON"],
  ])("%s begins %s", async (code, begin) => {
    const repl = await open();
    expect(await repl.print(code)).toContain(begin);
  });

  test("is bounded to 10,000 characters or little more", async () => {
    const repl = await open();
    const activation = await repl.start(
      "throw new Error('x'.repeat(5_000_000), { cause: new Error('y'.repeat(5_000_000)) })",
    );
    const text = activation.state.kind === "threw" ? activation.state.text : "";
    expect(text.length).toBeGreaterThan(9_000);
    expect(text.length).toBeLessThan(11_000);
    expect(JSON.stringify(activation).length).toBeLessThan(30_000);
  });

  test("of a block that does not parse runs nothing", async () => {
    const repl = await open();
    const activation = await repl.start("print('ran'); const = 5");
    expect(activation.output).toBe("");
    expect(activation.state).toMatchObject({ kind: "threw", syntax: true, error: { name: "SyntaxError" } });
  });

  test("has a stack that names blocks and nothing of the host", async () => {
    const repl = await open();
    expect(await repl.print("function a() { return new Error('s').stack }\na()")).toBe(
      "Error: s\n    at a (block 1, line 1)\n    at block 1, line 2",
    );
    expect(
      await repl.print("Error.prepareStackTrace = (e, sites) => sites; typeof new Error('x').stack"),
    ).toBe('"string"');
  });
});

describe("a rejection nobody handles", () => {
  test("is a warning in the output of the block's last activation", async () => {
    const repl = await open();
    const shown = await repl.print("async function job() { throw new TypeError('lost') }\njob(); 1");
    expect(shown).toBe(
      "Warning: a promise was rejected and nobody awaited it: TypeError: lost\n  at line 1 in job:\n    async function job() { throw new TypeError('lost') }\n                                 ^\n  at line 2:\n    job(); 1\n1",
    );
  });

  test("that is handled before the block ends is none", async () => {
    const repl = await open();
    await repl.start(
      "const job = (async () => { throw new Error('early') })(); await readFile('a'); try { await job } catch (e) { print('caught') }",
    );
    const activation = await repl.answer(0, null);
    expect(activation.output).toBe("caught\n");
  });

  test("of a chain on a call is one", async () => {
    const repl = await open();
    await repl.start("readFile('a').then((t) => t.missing.x); 0");
    const activation = await repl.answer(0, "text");
    expect(activation.output).toMatch(/^Warning: a promise was rejected and nobody awaited it: TypeError/);
  });
});
