import { describe, expect, test } from "vitest";
import { refusal, Sandbox, valueAfter } from "./sandbox.ts";

describe("top-level declarations", () => {
  test.each(["const x = 4", "let x = 4", "var x = 4", "x = 4", "globalThis.x = 4"])(
    "%s is there in the next block",
    async (declaration) => {
      expect(await valueAfter(declaration, "x + 1")).toBe(5);
    },
  );

  test.each(["const x = 2", "let x = 2", "var x = 2", "x = 2", "class x { static valueOf() { return 2; } }"])(
    "%s may follow any other kind in a later block",
    async (later) => {
      for (const first of [
        "const x = 1",
        "let x = 1",
        "var x = 1",
        "x = 1",
        "class x {}",
        "function x() {}",
      ]) {
        expect(await valueAfter(first, later, "x * 1")).toBe(2);
      }
    },
  );

  test("a later function takes the place of a constant", async () => {
    expect(await valueAfter("const f = 1", "function f() { return 2 }", "f()")).toBe(2);
  });

  test("one statement declares several names, some without a value", async () => {
    expect(await valueAfter("let a = 1, b, c = a + 1; var d, e = 5", "[a, b, c, d, e].join()")).toBe(
      "1,,2,,5",
    );
  });

  test("let without a value forgets the value of an earlier block, var keeps it", async () => {
    expect(await valueAfter("var a = 1, b = 2", "let a; var b", "[a, b].join()")).toBe(",2");
  });

  test("destructuring takes defaults, rests, computed keys, holes and nested patterns", async () => {
    const code = `const key = "k"
const { a, b: { c = 3, ...rest }, [key + "1"]: d = a, "e-f": e } = { a: 1, b: { x: 8, y: 9 }, "e-f": 5 }
let [f, , g = f, ...[h, ...i]] = [6, 0, undefined, 7, 8, 9], { length } = "four"`;
    expect(await valueAfter(code, "JSON.stringify([a, c, rest, d, e, f, g, h, i, length])")).toBe(
      '[1,3,{"x":8,"y":9},1,5,6,6,7,[8,9],4]',
    );
  });

  test("var in blocks, loops, branches, try, switch and labels belongs to the top level", async () => {
    const code = `{ var a = 1 } if (true) var b = 2; else var never = 0
for (var c = 0, more; c < 3; c++) { var d = c }
for (var e of [7, 8]) ; for (var f in { key: 1 }) ; for (var { g } of [{ g: 9 }]) ; for await (var h of [10]) ;
try { var i = 11; throw 12 } catch (error) { var j = error } finally { var k = 13 }
switch (1) { case 1: var l = 14 } label: var m = 15; while (true) { var n = 16; break } do var o = 17; while (false)`;
    const names = "[a, b, never, c, d, e, f, g, h, i, j, k, l, m, n, o, more].join()";
    expect(await valueAfter(code, names)).toBe("1,2,,3,2,8,key,9,10,11,12,13,14,15,16,17,");
  });

  test("a var loop may be over names that are words of the language elsewhere", async () => {
    expect(
      await valueAfter(
        "for (var async of [1]) ;\nfor (var let of [2]) ;\nfor (var of of [3]) ;",
        "async + of + globalThis.let",
      ),
    ).toBe(6);
  });

  test("heads of let and const loops stay local", async () => {
    const code =
      "for (const x of [1]) ; for (let y = 0; y < 1; y++) ; for (const z in { a: 1 }) ; for await (const w of [1]) ;";
    expect(await valueAfter(code, "[typeof x, typeof y, typeof z, typeof w].join()")).toBe(
      "undefined,undefined,undefined,undefined",
    );
  });

  test("names of inner scopes shadow a kept name and leave it as it is", async () => {
    const code = `{ let x = 2; x = 3; const y = 4 } (function (x) { x = 5; var y = 6 })();
try { throw 7 } catch (x) { x = 8 } for (let x = 9; x < 10; x++) ; const z = (x => { x++; return x })(11);
class x2 { static { var x = 12 } }`;
    expect(await valueAfter("let x = 1", code, "[x, typeof y, z].join()")).toBe("1,undefined,12");
  });

  test("an assigned catch parameter is not the name outside", async () => {
    expect(await valueAfter("try { throw 1 } catch (e) { var e = 2 }", "String(e)")).toBe("undefined");
  });

  test("closures of one block see what another block changes", async () => {
    expect(await valueAfter("let n = 1; const get = () => n", "n = 2", "let n = 3", "get()")).toBe(3);
  });

  test("a block that throws keeps what it set before", async () => {
    const sandbox = new Sandbox();
    await expect(
      sandbox.run("const a = 1; let b = 2; throw new Error('half-way'); const c = 3"),
    ).rejects.toThrow("half-way");
    expect(await sandbox.run("[a, b, typeof c].join()")).toBe("1,2,undefined");
  });

  test("an old value outlives a declaration that was not reached", async () => {
    const sandbox = new Sandbox();
    await sandbox.run("const a = 1");
    await expect(sandbox.run("null.x; const a = 2")).rejects.toThrow("null");
    expect(await sandbox.run("a")).toBe(1);
  });

  test("names that every object has can be declared", async () => {
    const code = "const constructor = 1, toString = 2, __proto__ = 3; var hasOwnProperty = 4, valueOf";
    expect(await valueAfter(code, "[constructor, toString, __proto__, hasOwnProperty, valueOf].join()")).toBe(
      "1,2,3,4,",
    );
  });

  test("names may be written with escapes or in any script", async () => {
    expect(
      await valueAfter(
        "const \\u0061b = 1, größe = 2, 変数 = 3; function \\u{66}n() { return 4 }",
        "ab + größe + 変数 + fn()",
      ),
    ).toBe(10);
  });

  test("undefined, NaN and Infinity cannot be declared, but a var of them is harmless", async () => {
    expect(refusal("let a = 1; const { undefined } = {}")).toContain(
      "`undefined` cannot be declared (line 1, column 20)",
    );
    expect(refusal("function NaN() {}")).toContain("`NaN` cannot be declared");
    expect(await valueAfter("var undefined = 1, NaN; typeof undefined")).toBe("undefined");
  });

  test("await is no name at the top level", () => {
    for (const code of ["let await", "var await = 1", "class await {}", "function await() {}"]) {
      expect(refusal(code)).toMatch(/^SyntaxError: .*await/);
    }
  });

  test("a name twice in one block is refused as the language refuses it", () => {
    expect(refusal("let a = 1;\nconst a = 2")).toContain(
      "Identifier 'a' has already been declared (line 2, column 7)",
    );
    expect(refusal("let a = 1;\nconst a = 2")).toContain("later block");
  });

  test("a for-in variable with an initial value is refused", () => {
    expect(refusal("for (var k = 1 in {}) ;")).toContain("cannot have an initial value (line 1, column 6)");
  });
});

describe("functions", () => {
  test("are there before their line and in later blocks", async () => {
    const code =
      "const early = [f(1), await g(1), [...h(2)].join(), (await k().next()).value].join(); \nfunction f(n) { return n + 1 } async function g(n) { return n + 2 }\nfunction* h(n) { yield n; yield n + 1 } async function* k() { yield 9 }";
    expect(await valueAfter(code, "early + '/' + f(1) + await g(1) + [...h(2)]")).toBe("2,3,2,3,9/232,3");
  });

  test("the last one of a name wins, and a var without a value leaves it", async () => {
    expect(await valueAfter("var f; function f() { return 1 } function f() { return 2 }", "f()")).toBe(2);
  });

  test("call themselves through the global, so that they can be wrapped", async () => {
    const code =
      "function fact(n) { log(n); return n < 2 ? 1 : n * fact(n - 1) } const plain = fact; fact = (n) => { log('wrapped'); return plain(n) }";
    const sandbox = new Sandbox();
    expect(await sandbox.run(`${code}\nfact(2)`)).toBe(2);
    expect(sandbox.log).toEqual(["wrapped", 2, "wrapped", 1]);
  });

  test("keep their names, as arrows and classes do", async () => {
    const code =
      "function a() {} async function* b() {} const c = () => {}, { d = function () {} } = {}; let e = class {}; class F { static own = this.name }";
    expect(await valueAfter(code, "[a, b, c, d, e, F].map((f) => f.name).join() + F.own")).toBe(
      "a,b,c,d,e,FF",
    );
  });

  test("have their own this, arguments, new.target and strictness", async () => {
    const code =
      "function f() { return [this === globalThis, arguments.length, new.target === undefined].join() } function s() { 'use strict'; return this }";
    expect(await valueAfter(code, "f(1, 2) + s()")).toBe("true,2,trueundefined");
  });

  test("may carry a label", async () => {
    expect(await valueAfter("one: two: function f() { return 3 }", "f()")).toBe(3);
  });
});

describe("classes", () => {
  test("have fields, private members, accessors and static blocks", async () => {
    const code = `class Counter {
  #count = 0; static made = 0; step = 2; static { this.ready = true }
  constructor() { Counter.made++ } get count() { return this.#count } set count(n) { this.#count = n }
  #bump() { this.#count += this.step } bump() { this.#bump(); return this } static is(x) { return #count in x }
  async *[Symbol.asyncIterator]() { yield this.#count }
}`;
    const use =
      "const c = new Counter().bump(); c.count++; let seen; for await (seen of c) ; [c.count, seen, Counter.made, Counter.ready, Counter.is({})].join()";
    expect(await valueAfter(code, use)).toBe("3,3,1,true,false");
  });

  test("extend a class of an earlier block and refer to themselves", async () => {
    const blocks = [
      "class A { who() { return 'A' } static make() { return new A() } }",
      "class B extends A { who() { return super.who() + 'B' } }",
    ];
    expect(await valueAfter(...blocks, "new B().who() + A.make().who()")).toBe("ABA");
  });

  test("can be replaced while old instances keep their class", async () => {
    expect(
      await valueAfter(
        "class A { v() { return 1 } } const old = new A()",
        "class A { v() { return 2 } }",
        "[old.v(), new A().v()].join()",
      ),
    ).toBe("1,2");
  });

  test("refuse decorators with a hint", () => {
    expect(refusal("@logged\nclass A {}")).toContain("Decorators do not work here");
  });
});
