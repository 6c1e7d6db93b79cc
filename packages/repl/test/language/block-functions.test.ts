import { describe, expect, test } from "vitest";
import { Sandbox, valueAfter } from "./sandbox.ts";

describe("functions declared in blocks", () => {
  test("are there from the start of their block, and afterwards everywhere", async () => {
    const code = "log(typeof f);\n{ log(f()); function f() { return 1 } log(f()) }\nlog(f())";
    const sandbox = new Sandbox();
    await sandbox.run(code);
    expect(sandbox.log).toEqual(["undefined", 1, 1, 1]);
    expect(await sandbox.run("f() + f.name")).toBe("1f");
  });

  test.each([
    ["if (true) { function f() { return 1 } }"],
    ["if (true) function f() { return 1 }"],
    ["if (false) ; else function f() { return 1 }"],
    ["try { function f() { return 1 } } catch {}"],
    ["for (let i = 0; i < 1; i++) { function f() { return 1 } }"],
    ["switch (1) { case 0: case 1: function f() { return 1 } }"],
    ["{ { { function f() { return 1 } } } }"],
    ["{ function f() { return 0 } function f() { return 1 } }"],
    ["{ label: function f() { return 1 } }"],
    ["{function f() { return 1 }}"],
  ])("are kept for later blocks: %s", async (code) => {
    expect(await valueAfter(code, "f()")).toBe(1);
  });

  test("are not there when their branch was not taken", async () => {
    expect(
      await valueAfter("if (false) { function f() {} } else { function g() {} }", "typeof f + typeof g"),
    ).toBe("undefinedfunction");
  });

  test("see the variables of their block, each round its own", async () => {
    const code = "const all = [];\nfor (let i = 0; i < 3; i++) { all.push(f); function f() { return i } }";
    expect(await valueAfter(code, "all.map((f) => f()).join() + f()")).toBe("0,1,22");
  });

  test("call themselves by the name their block has for them", async () => {
    const code = "{ function f(n) { return n === 0 ? 'end' : f(n - 1) } var kept = f }\nf = () => 'other'";
    expect(await valueAfter(code, "kept(2)")).toBe("end");
  });

  test("stay in their block where the same name is declared around it", async () => {
    expect(await valueAfter("let f = 1; { function f() {} }", "f")).toBe(1);
    expect(await valueAfter("{ const g = 2; { function g() {} } log(g) }", "typeof g")).toBe("undefined");
  });

  test("stay in their block when async, a generator, or in strict code", async () => {
    expect(await valueAfter("{ async function f() {} }", "typeof f")).toBe("undefined");
    expect(await valueAfter("{ function* f() {} }", "typeof f")).toBe("undefined");
    expect(await valueAfter("'use strict'; { function f() {} }", "typeof f")).toBe("undefined");
  });

  test("are there in each case of a switch before their line", async () => {
    const code =
      "const seen = []; for (const n of [1, 2]) switch (n) { case 1: seen.push(f()); break; case 2: seen.push(f()); function f() { return n } }";
    expect(await valueAfter(code, "seen.join()")).toBe("1,2");
  });

  test("inside functions are the functions' own", async () => {
    expect(
      await valueAfter(
        "function outer() { if (true) { function inner() { return 3 } } return inner() }\nlog(outer())",
        "typeof inner + outer()",
      ),
    ).toBe("undefined3");
  });
});
