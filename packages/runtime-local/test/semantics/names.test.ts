import { afterAll, describe, expect, test } from "vitest";
import { localRuntime } from "../../src/index.ts";
import { ReplDriver } from "../repl-driver.ts";

const runtime = localRuntime();
afterAll(() => runtime.close());

const open = () =>
  ReplDriver.open(runtime, { globals: { given: { list: [1] } }, agentId: "root.a", depth: 2 });

/** Blocks run one after another, and what the last one shows. */
const PERSISTED: readonly (readonly [readonly string[], string])[] = [
  [["const a = 1", "let a = 2", "a"], "2"],
  [["class A { v = 1 }", "class A { v = 2 }", "new A().v"], "2"],
  [["function f() { return g() }", "function g() { return 'g' }", "f()"], '"g"'],
  [["const { x, y: [z = 5] } = { x: 1, y: [] }", "[x, z]"], "[1, 5]"],
  [["bare = 3", "bare"], "3"],
  [["let n = 0; const inc = () => ++n", "inc(); inc(); n"], "2"],
  [["var v = 1; v = await Promise.resolve(2)", "v"], "2"],
  [
    ["const before = 1; throw new Error('half'); const after = 2", "[before, typeof after]"],
    '[1, "undefined"]',
  ],
  [["for (let i = 0; i < 3; i++) {}", "typeof i"], '"undefined"'],
  [["given.list"], "[1]"],
  [["given = 5", "given"], "5"],
  [["[AGENT_ID, DEPTH, MAX_DEPTH]"], '["root.a", 2, 5]'],
];

test.each(PERSISTED)("%j shows %s", async (blocks, shown) => {
  const repl = await open();
  for (const block of blocks.slice(0, -1)) await repl.start(block);
  expect(await repl.print(blocks.at(-1) ?? "")).toBe(shown);
});

test.each([
  "print",
  "console",
  "delegate",
  "wait",
  "llmQuery",
  "llmQueryBatched",
  "done",
  "readFile",
  "CONTEXT",
  "VARIABLES",
  "AGENT_ID",
])("%s can be shadowed in a block and is back in the next", async (name) => {
  const repl = await open();
  const before = await repl.print(`typeof ${name}`);
  await repl.start(`const ${name} = 'mine'; globalThis.kept = ${name};`);
  expect(await repl.print("kept")).toBe('"mine"');
  expect(await repl.print(`typeof ${name}`)).toBe(before);
  await repl.start(`delete globalThis.${name}; Object.defineProperty(globalThis, '${name}', { value: 1 })`);
  expect(await repl.print(`typeof ${name}`)).toBe(before);
});

describe("a name of the REPL", () => {
  test("that code assigns to is told, once, when the block ends", async () => {
    const repl = await open();
    const activation = await repl.start("const print = 1; const done = 2; var CONTEXT = 'x'; CONTEXT = 'y';");
    expect(activation.output).toBe(
      "Note: print, done, CONTEXT are names of the REPL and restored in your next block: keep your own values under other names.\n",
    );
    expect((await repl.start("print('fine')")).output).toBe("fine\n");
    expect((await repl.start("function wait() {}")).output).toContain("wait is a name of the REPL");
    expect((await repl.start("{ const print = 1; } ((done) => done)(2); 0")).output).toBe("");
  });
});

describe("globalThis", () => {
  test.each(["freeze", "seal", "preventExtensions"])("cannot be closed with Object.%s", async (name) => {
    const repl = await open();
    const shown = await repl.print(`let a = 1;\nObject.${name}(globalThis);`);
    expect(shown).toContain(
      `TypeError: Object.${name} cannot be used on globalThis: later blocks declare their names there`,
    );
    expect(shown).toContain("at line 2");
    expect(await repl.print("const q = 5; a = 2; q + a")).toBe("7");
    expect(
      await repl.print(
        `const o = { a: 1 }; [Object.${name}(o) === o, Object.isExtensible(o), Object.${name}(1)]`,
      ),
    ).toBe("[true, false, 1]");
    expect(
      await repl.print(
        "[Object.freeze.name, Reflect.preventExtensions({}), Reflect.preventExtensions(globalThis)]",
      ),
    ).toBe('["freeze", true, false]');
  });

  test("says why there are no new names when code closed it through a Proxy", async () => {
    const repl = await open();
    await repl.start("Object.freeze(new Proxy(globalThis, {}))");
    expect(await repl.print("const q = 1")).toContain(
      "TypeError: q cannot be declared: globalThis was closed to new names, which cannot be undone",
    );
  });
});

describe("VARIABLES and the summary", () => {
  test("name what blocks have made, with type, size and preview", async () => {
    const repl = await open();
    const activation = await repl.start(
      "const text = 'abc', list = [1, 2], map = new Map([[1, 2]]), h = { a: 1 }; function f() {} class P {}\nconst p = new P();",
    );
    expect(activation.state).toMatchObject({
      variables: [
        { name: "given", type: "Object", size: null, preview: "{ list: [1] }", changed: true },
        { name: "text", type: "string", size: 3, preview: '"abc"', changed: true },
        { name: "list", type: "array", size: 2, preview: "[1, 2]" },
        { name: "map", type: "Map", size: 1, preview: "Map(1) { 1 => 2 }" },
        { name: "h", type: "Object", size: null, preview: "{ a: 1 }" },
        { name: "f", type: "function", size: null, preview: "[Function f]" },
        { name: "P", type: "function", preview: "[class P]" },
        { name: "p", type: "P", preview: "P {}" },
      ].map((row) => expect.objectContaining(row)),
    });
    expect(await repl.print("VARIABLES().map((v) => v.name).join()")).toBe('"given,text,list,map,h,f,P,p"');
  });

  test("mark what changed since the block before", async () => {
    const repl = await open();
    await repl.start("var a = [1], b = [1], c = 'x', d = 1;");
    const activation = await repl.start("a.push(2); c = 'y'; d = 1;");
    const variables = activation.state.kind === "ended" ? activation.state.variables : [];
    expect(variables.filter((row) => row.changed).map((row) => row.name)).toEqual(["a", "c"]);
  });

  test("are bounded: 64 rows, changed ones first, previews of 80 characters", async () => {
    const repl = await open();
    await repl.start("for (let i = 0; i < 200; i++) globalThis['v' + i] = 'x'.repeat(500)");
    const activation = await repl.start("v7 = 'new'");
    const variables = activation.state.kind === "ended" ? activation.state.variables : [];
    expect(variables).toHaveLength(64);
    expect(variables[0]).toMatchObject({ name: "v7", changed: true });
    expect(Math.max(...variables.map((row) => row.preview.length))).toBe(80);
  });
});

describe("what is not there", () => {
  test.each([
    ["setTimeout(() => {}, 5)", "There are no timers here"],
    ["require('fs')", "There are no modules here"],
    ["fetch('http://x')", "There is no network here"],
    ["process.exit()", "This is plain JavaScript without Node.js."],
    ["FINAL_VAR('x')", "To give the final answer write await done(…)"],
    ["answer(42)", "To give the final answer write await done(42)"],
    ["submit('x')", "To give the final answer write await done('x')"],
    ["await rlm_query('x')", "write await delegate(\"part\", 'x')"],
    ["len([1])", "This is JavaScript: use value.length."],
    ["new WeakRef({})", "WeakRef is left out, for a run must be repeatable."],
  ])("%s says what to do instead", async (code, hint) => {
    const repl = await open();
    const shown = await repl.print(code);
    expect(shown).toContain(" is not defined\n");
    expect(shown).toContain(hint);
  });
});
