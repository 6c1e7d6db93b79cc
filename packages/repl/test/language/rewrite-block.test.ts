import vm from "node:vm";
import { describe, expect, test } from "vitest";
import { compileBlock } from "../../src/language/compile-block.ts";
import { refusal, Sandbox, valueAfter } from "./sandbox.ts";

describe("the value of a block", () => {
  test.each([
    ["1 + 1", 2],
    ["1 + 1;", 2],
    ["1 + 1 // two", 2],
    ["1 + 1 /* two */ ; // end", 2],
    ["1 + 1\n;\n;;", 2],
    ["1, 2", 2],
    ["(1, 2)", 2],
    ["x = 5", 5],
    ["const a = 1\na", 1],
    ["'use strict'", "use strict"],
    ["'just text'", "just text"],
    ["`a$" + "{1}b`", "a1b"],
    ["({ a: 1 }).a", 1],
    ["await Promise.resolve(7)", 7],
    ["(await import_()).x; function import_() { return Promise.resolve({ x: 3 }) }; import_.length", 0],
    ["/a}`/.source", "a}`"],
    ["x = 1\n<!-- old comment\n--> another\nx + 1", 2],
    ["--> a comment at once\n3", 3],
    ["#!/usr/bin/env node\n4", 4],
    ["5\r\n", 5],
    ["x = 1\u2028x + 5", 6],
    ["{ a: 1; }", undefined],
    ["x = 1; { x; x }", undefined],
  ])("of %j is %j", async (code, value) => {
    expect(await valueAfter(code)).toBe(value);
  });

  test.each([
    "",
    "   \n",
    "// only a comment",
    "/* only */ /* comments */",
    ";",
    "const a = 1",
    "function f() {}",
    "class K {}",
    "if (true) 1",
    "for (const x of [1]) x",
    "try { 1 } catch {}",
    "{ 1 }",
    "label: 1",
  ])("is none after %j", async (code) => {
    expect(await new Sandbox().box(code)).toBeUndefined();
  });

  test("is boxed, so that a promise or handle as last expression is not waited for", async () => {
    const sandbox = new Sandbox();
    const box = await sandbox.box("({ then() { log('waited') } })");
    expect(box).toHaveLength(1);
    expect(sandbox.log).toEqual([]);
  });

  test("tells undefined from nothing", async () => {
    expect(await new Sandbox().box("undefined")).toEqual([undefined]);
  });
});

describe("statements without semicolons", () => {
  test.each([
    ["log(1)\nconst [a] = [2]\nlog(a)", [1, 2]],
    ["log(1)\nlet { a } = { a: 2 }\nlog(a)", [1, 2]],
    ["log(1)\nclass K {}\nlog(2)", [1, 2]],
    ["class K {}\n(log)(1)", [1]],
    ["function f() {}\n(log)(1)", [1]],
    ["let x\n;[log][0](x)", [undefined]],
    ["let x\nlog(x)", [undefined]],
    ["var x\n++x\nlog(x)", [Number.NaN]],
    ["var i = 0\ndo i++; while (i < 3) var j = i\nlog(j)", [3]],
    ["if (true) var a = 1\nelse var b = 2\nlog(a, b)", [1, undefined]],
    ["log(1)\n!function () { log(2) }()", [1, 2]],
    ["const f = function () { return 1 } // trailing\nlog(f())", [1]],
    ["const s = 'a' +\n  'b'\nlog(s)", ["ab"]],
  ])("%j", async (code, written) => {
    const sandbox = new Sandbox();
    await sandbox.run(code);
    expect(sandbox.log).toEqual(written);
  });

  test.each(["(1)", "[1]", "`1`", "/1/", "+1", "-1"])("a block may begin with %s", async (code) => {
    expect(String(await valueAfter("const before = 0", code))).toContain("1");
  });
});

describe("the top level", () => {
  test("awaits in any place of an expression", async () => {
    const code = `const wait = (x) => new Promise((done) => done(x))
const o = { [await wait("k")]: await wait(1), ...await wait({ m: 2 }) }, [p = await wait(3)] = []
if (await wait(true)) for (const x of await wait([4])) o.x = x + (await wait(1))
switch (await wait(1)) { case await wait(1): o.y = \`\${await wait(6)}\` }
class K extends (await wait(Object)) { [await wait("name")]() {} }
try { await Promise.reject(new Error("no")) } catch ({ message }) { o.z = message }
JSON.stringify([o, p, (await wait(7)) ** 2, typeof await wait(""), Object.getOwnPropertyNames(K.prototype)])`;
    expect(await valueAfter(code)).toBe(
      '[{"k":1,"m":2,"x":5,"y":"6","z":"no"},3,49,"string",["constructor","name"]]',
    );
  });

  test("iterates over async sources", async () => {
    const code =
      "async function* three() { yield 1; yield 2; yield 3 }\nlet sum = 0\nfor await (const n of three()) { if (n === 2) continue; sum += n }\nsum";
    expect(await valueAfter(code)).toBe(4);
  });

  test("has labels that continue and break reach", async () => {
    const code =
      "const seen = []\nouter: for (let i = 0; i < 4; i++) { for (var j = 0; ; j++) { if (i === 3) break outer; if (j === i) continue outer; seen.push(i * 10 + j) } }\nblock: { seen.push('in'); break block; }\nseen.join()";
    expect(await valueAfter(code)).toBe("10,20,21,in");
  });

  test("has globalThis as this, strict or not, and no arguments", async () => {
    expect(await valueAfter("this === globalThis && (() => this)() === globalThis")).toBe(true);
    expect(await valueAfter("'use strict'; this === globalThis")).toBe(true);
    expect(await valueAfter("typeof arguments")).toBe("undefined");
  });

  test.each([
    ["new.target", "new.target"],
    ["super.x", "super"],
    ["return 1", "a block is no function"],
    ["await = 1", "await"],
    ["break", "break"],
  ])("has no %s", (code, told) => {
    expect(refusal(code).toLowerCase()).toContain(told);
  });

  test("honours use strict for the whole block", async () => {
    await expect(valueAfter("// first\n'use strict'\nundeclared = 1")).rejects.toThrow(
      "undeclared is not defined",
    );
    expect(
      await valueAfter(
        "'use strict'; const a = 1; class K {} function f() { return this } var { b } = { b: 2 }",
        "a + b + typeof f() + typeof K",
      ),
    ).toBe("3undefinedfunction");
    expect(refusal("'use strict'; with ({}) {}")).toContain("'with' in strict mode");
  });

  test("is sloppy otherwise", async () => {
    expect(await valueAfter("with ({ a: 1 }) { var b = a }", "octal = 010; b + octal")).toBe(9);
  });

  test("disposes what using and await using hold when the block ends", async () => {
    const sandbox = new Sandbox();
    await sandbox.run(`using a = { [Symbol.dispose]() { log("a gone") }, v: 1 }
await using b = { async [Symbol.asyncDispose]() { log("b gone") }, v: 2 }
function sum() { return a.v + b.v }
log(sum())`);
    expect(sandbox.log).toEqual([3, "b gone", "a gone"]);
    expect(await sandbox.run("typeof a")).toBe("undefined");
  });

  test("lets eval declare globals and see them", async () => {
    expect(
      await valueAfter("const a = 1; eval('var b = a + 1')", "function foo() {}\nfoo()\neval('b + 1')"),
    ).toBe(3);
  });
});

describe("the compiled source", () => {
  const breakouts = [
    "}) ; evil(); (async () => {",
    "} evil(); {",
    "}",
    "*/ } evil() /*",
    "1; } ); evil(); (() => { 1",
    "`$" + "{`}` } evil() //",
    "/* } evil()",
    "'} evil()",
    "a\u2028} evil() //",
    "<!--\n} evil()",
    "//\r} evil()",
    "return } evil() {",
    "await 1 } evil(); async () => { await 1",
    "\\u007d evil()",
  ];
  test.each(breakouts)("cannot be left: %j is a syntax error", (code) => {
    expect(refusal(code)).toMatch(/^SyntaxError: .+\(line \d+, column \d+\)/);
  });

  test("is one expression whatever comment the code ends with", () => {
    for (const code of [
      "1 //",
      "1 /* */",
      "1 <!-- x",
      "x\n-->",
      "1\\u0020".slice(0, 1),
      "'}' // }",
      "`}`",
      "/}/",
      "f; function f() {} // }",
    ]) {
      const compiled = compileBlock(code);
      if (!compiled.ok) throw new Error(compiled.text);
      expect(typeof vm.runInNewContext(compiled.source)).toBe("function");
      expect(typeof vm.runInNewContext(`(${compiled.source})`)).toBe("function");
    }
  });

  test("hides its own names from the code, however they are written", async () => {
    const compiled = compileBlock("$r0; $r1c; '\\u{24}r2'; var \\u0024r3; typeof $r");
    expect(compiled.ok && compiled.source).toContain("async ($r4) =>");
    expect(
      await valueAfter(
        "const own = [typeof $r0, typeof $r1];\n{ own.push(eval('typeof $' + 'r2')) }\nown.join()",
      ),
    ).toBe("undefined,undefined,undefined");
  });

  test("keeps every line where it was", async () => {
    const code =
      "const a = 1,\n  b\n  = 2\nfunction f(\n) {\n  throw new Error('here')\n}\nclass K {\n}\nvar c\n;[1,\n2]; f()";
    const error = await valueAfter(code).catch((thrown: unknown) => thrown);
    const places = String(Reflect.get(Object(error), "stack")).match(/block:\d+/g);
    expect(places?.slice(0, 2)).toEqual(["block:6", "block:12"]);
    const compiled = compileBlock(code);
    expect(compiled.ok && compiled.source.split("\n").length - compiled.lineOffset - 1).toBe(
      code.split("\n").length,
    );
  });
});
