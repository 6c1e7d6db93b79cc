import { afterAll, expect, test } from "vitest";
import { localRuntime } from "../../src/index.ts";
import { ReplDriver } from "../repl-driver.ts";

const runtime = localRuntime();
afterAll(() => runtime.close());

/** Code, and what the model is shown: output, then the echo. */
const SHOWN: readonly (readonly [string, string])[] = [
  ['print("a", 1, true, null, undefined)', "a 1 true null undefined\n"],
  [
    'console.log("x"); console.error("y"); console.warn("z"); console.info(1); console.debug(2)',
    "x\ny\nz\n1\n2\n",
  ],
  ["print()", "\n"],
  ['console.assert(1 === 1, "no"); console.assert(false, "yes", 2)', "Assertion failed: yes 2\n"],
  ["1 + 1", "2"],
  ["undefined", ""],
  ["null", "null"],
  ["-0", "-0"],
  ["10n ** 20n", "100000000000000000000n"],
  ['"one line"', '"one line"'],
  ['"two\\nlines"', "two\nlines"],
  ["const quiet = 5;", ""],
  ["[1, [2, [3]], {}]", "[1, [2, [3]], {}]"],
  ["({ a: 'x', 'b c': [undefined] })", '{ a: "x", "b c": [undefined] }'],
  ["[1, , 3]", "[1, <empty>, 3]"],
  ["new Map([['k', { v: 1 }]])", 'Map(1) { "k" => { v: 1 } }'],
  ["new Set([1, 'a'])", 'Set(2) { 1, "a" }'],
  ["new Uint8Array([1, 2, 255])", "Uint8Array [1, 2, 255]"],
  ["new Date(0)", "1970-01-01T00:00:00.000Z"],
  ["/a+/gi", "/a+/gi"],
  ["class Point { constructor() { this.x = 1 } }\nnew Point()", "Point { x: 1 }"],
  ["class Point {}\nPoint", "[class Point]"],
  ["function add() {}\n[add, () => 1, print]", "[[Function add], [Function anonymous], [Function print]]"],
  ["new TypeError('bad')", "[TypeError: bad]"],
  ["new Error('a', { cause: new Error('b') })", "[Error: a; cause: [Error: b]]"],
  ["Symbol('s')", "Symbol(s)"],
  ["({ get a() { return 1 } })", "{ a: [Getter] }"],
  ["const loop = {}; loop.self = loop; loop", "{ self: [Circular] }"],
  ["Object.create(null)", "{}"],
  ["({ [Symbol('k')]: 1 })", "{ [Symbol(k)]: 1 }"],
  ["Promise.resolve(7)", "7"],
  ["new Promise(() => {})", "Promise (await it to see its value)"],
  ["[Promise.resolve(1)]", "[Promise (await it to see its value)]"],
  ["(async () => { print('in'); return 'out' })()", 'in\n"out"'],
  ["if (true) 5", ""],
];

test.each(SHOWN)("%s shows %j", async (code, shown) => {
  const repl = await ReplDriver.open(runtime);
  expect(await repl.print(code)).toBe(shown);
  await repl.session.dispose();
});

test("a wide value is broken into lines, nested ones indented", async () => {
  const repl = await ReplDriver.open(runtime);
  const shown = await repl.print(
    "({ first: 'x'.repeat(50), second: { third: 'y'.repeat(50), fourth: [1, 2] } })",
  );
  const [x, y] = ["x".repeat(50), "y".repeat(50)];
  expect(shown).toBe(`{\n  first: "${x}",\n  second: { third: "${y}", fourth: [1, 2] }\n}`);
});

test("long lists and long strings say how much is left out", async () => {
  const repl = await ReplDriver.open(runtime);
  expect(await repl.print("Array.from({ length: 105 }, (_, i) => i % 2)")).toMatch(/1,\n {2}… 5 more\n\]$/);
  expect(await repl.print("['x'.repeat(10_050)]")).toMatch(/x"… \(50 more characters\)\n\]$/);
});

test("printed strings are whole, however long", async () => {
  const repl = await ReplDriver.open(runtime);
  expect(await repl.print("print('x'.repeat(300_000))")).toHaveLength(300_001);
});

test("of a flood the head and the tail are kept, and the cut is told", async () => {
  const repl = await ReplDriver.open(runtime);
  const activation = await repl.start("for (let i = 0; i < 400_000; i++) print('line ' + i)");
  expect(activation.outputCut).toEqual({ kept: 1_000_000, total: 4_688_890 });
  expect(activation.output).toMatch(/^line 0\nline 1\n/);
  expect(activation.output).toContain("\n… 3688890 characters were not kept …\n");
  expect(activation.output).toMatch(/line 399999\n$/);
  expect(activation.output.length).toBeLessThan(1_000_100);
});

test("the allowance is one per block, over all of its activations", async () => {
  const repl = await ReplDriver.open(runtime);
  await repl.start(
    "print('x'.repeat(900_000)); await readFile('a'); print('y'.repeat(900_000)); await readFile('b'); print('z')",
  );
  const second = await repl.answer(0, null);
  expect(second.outputCut?.kept).toBe(99_999);
  const third = await repl.answer(1, null);
  expect(third.outputCut).toEqual({ kept: 0, total: 2 });
  const fresh = await repl.start("print('again')");
  expect(fresh.output).toBe("again\n");
});
