import { describe, expect, test } from "vitest";
import { Sandbox, valueAfter } from "./sandbox.ts";

describe("assignments to a constant of the same block", () => {
  test.each([
    "x = 2",
    "x += 2",
    "x++",
    "--x",
    "(x) = 2",
    "[x] = [2]",
    "({ x } = { x: 2 })",
    "({ x = 3 } = {})",
    "({ a: [x], ...rest } = { a: [2] })",
    "for (x of [2]) ;",
    "for (x in { a: 1 }) ;",
    "y ??= 2",
    "z ||= 2",
    "x &&= 2",
    "(() => { x = 2 })()",
    "{ const f = function () { { x = 2 } }; f() }",
    "log(1)\nx ||= 2, y ??= 3",
  ])("%j throws what the language throws", async (code) => {
    const error = await valueAfter(`var rest; const x = 1, y = null, z = 0;\n${code}`).catch(
      (thrown: unknown) => thrown,
    );
    expect(String(error)).toBe("TypeError: Assignment to constant variable.");
  });

  test("keep the constant as it was", async () => {
    const sandbox = new Sandbox();
    await expect(sandbox.run("const x = 1; x = 2")).rejects.toThrow("constant");
    expect(await sandbox.run("x")).toBe(1);
  });

  test("do not happen where a logical assignment has nothing to do", async () => {
    expect(await valueAfter("const x = 1, n = 0; x ??= 2; x ||= 3; n &&= 4; [x, n].join()")).toBe("1,0");
  });

  test("are fine where an inner name is meant, or a member", async () => {
    const code = `const x = {}, y = 1; x.y = 2; x["z"] = 3; ({ y: x.w } = { y: 4 });
{ let y = 5; y = 6 } ((y) => { y = 7 })(); for (let y = 0; y < 1; y++) ; (function y() { y = 8 })();
try { throw 9 } catch (y) { y = 10 } function f() { var y; y = 11; function g() { y = 12 } g() } f();
{ function f2() { { function y() {} } y = 13 } f2() }
JSON.stringify([x, y])`;
    expect(await valueAfter(code)).toBe('[{"y":2,"z":3,"w":4},1]');
  });

  test("are fine in a later block, which may also declare the name again", async () => {
    expect(await valueAfter("const x = 1", "x = 2; x")).toBe(2);
    expect(await valueAfter("const x = 1", "let x = 2; x += 1; x")).toBe(3);
  });
});
