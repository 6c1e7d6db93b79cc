import { describe, expect, test, vi } from "vitest";
import { processorMs } from "../../../../test/processor-time.ts";
import { compileBlock } from "../../src/language/compile-block.ts";
import { stripTypes } from "../../src/language/strip-types.ts";
import { refusal, valueAfter } from "./sandbox.ts";

describe("TypeScript", () => {
  test("types are taken out of whatever does not parse as JavaScript", async () => {
    const code = `interface Row { id: number; name?: string }
type Pair<T> = [T, T];
const rows: Row[] = [{ id: 1 }, { id: 2, name: "b" }];
function pick<T, K extends keyof T>(row: T, key: K): T[K] { return row[key]; }
class Box<T> { private readonly value!: T; constructor(value: T) { (this as any).value = value; } get(): T { return this.value; } }
const swap = <T,>([a, b]: Pair<T>): Pair<T> => [b, a];
const config = { a: 1 } satisfies Record<string, number>;
let first = rows.find((row): row is Row => row.id === 2)!.name as string;
declare const nothing: unknown;`;
    expect(
      await valueAfter(
        code,
        "[pick(rows[1], 'name'), new Box(3).get(), swap([1, 2]), config.a, first].join()",
      ),
    ).toBe("b,3,2,1,1,b");
  });

  test("everything else stays in its place", () => {
    const code = "let a: 'ü日😀' = 1;\n/* ✓ */ x";
    const stripped = stripTypes(code);
    expect(stripped.kind === "stripped" && stripped.code).toMatch(/^let a\s+= 1;\n\/\* ✓ \*\/ x$/);
    expect(stripped.kind === "stripped" && stripped.code).toHaveLength(code.length);
    expect(refusal("const a: number = 1;\nlet b: string = 'x'\nimport('y')")).toContain("(line 3, column 1)");
  });

  test("a mistake beyond the first type is reported where it is", () => {
    expect(refusal("const a: number = 1;\nconst b = f(;")).toMatch(
      /line 2, column 13\)\n {2}2 \| const b = f\(;\n {18}\^/,
    );
  });

  test.each([
    ["enum Color { Red }", "TypeScript enum", "Write an object instead"],
    ["const a: number = 1\nnamespace A { export const b = 1 }", "TypeScript namespace", "(line 2, column 1)"],
    [
      "class A { constructor(private x: number) {} }",
      "TypeScript parameter property",
      "assign it in the constructor",
    ],
    ["const a: any = <string>b", "angle-bracket", "Write `value as Type`"],
  ])("%j is refused with the way to write it", (code, named, told) => {
    expect(refusal(code)).toContain(named);
    expect(refusal(code)).toContain(told);
  });

  test("plain JavaScript never waits for the thread", () => {
    using waits = vi.spyOn(Atomics, "wait");
    expect(compileBlock("const a = 1").ok).toBe(true);
    expect(waits).not.toHaveBeenCalled();
    expect(compileBlock("const b: number = 1").ok).toBe(true);
    expect(waits).toHaveBeenCalled();
  });
});

describe("TypeScript is noticed", () => {
  test.each([
    "new Map<string, number>()",
    "new Map<string, number[]>()",
    "new Set<string>([])",
    "async <T>(x) => x",
    "<T>(x: T) => x",
    "function f(this: object) {}",
    "function f(a?: string) {}",
    "function f(a?) {}",
    "(a?, b?) => a",
    "class A<T> {}",
    "class A extends Array<string> {}",
    "class A implements Object {}",
    "abstract class A {}",
    "class A { static readonly x = 1 }",
    "class A { private async f() {} }",
    "class A { x?: number; y!: string; z: any; [k: string]: any }",
    "class A { public constructor() {} }",
    "class A extends Object { override toString() { return '' } }",
    "interface A {}",
    "type A = string",
    "type A<T> = T extends string ? 1 : 2",
    "declare let x",
    "let x!: number",
    "let x\nx!.y",
    "let x; x! + 1; x!()",
    "[] as const",
    "({}) satisfies object",
    "for (const x of [] as string[]) {}",
    "try {} catch (e: unknown) {}",
    "const { a }: { a?: number } = {}",
    "const f = (): void => {}",
    "const o = { f(): void {}, g(a: string) {} }",
    "function f(a: string): void;\nfunction f(a: any) {}",
    "let a: typeof globalThis | keyof Object | null | undefined",
  ])("in %j", (code) => {
    expect(refusal(code)).toBe("it compiles");
  });
});

describe("hostile TypeScript", () => {
  test("that would keep the stripper busy for hours is given up, and the next text is served", async () => {
    const spent = await processorMs(() =>
      expect(stripTypes(`let x: any = ${"async <T>(a = ".repeat(30)}1${")".repeat(30)}`)).toEqual({
        kind: "unknown",
      }),
    );
    expect(spent).toBeLessThan(10_000);
    expect(stripTypes("let x: number")).toEqual({ kind: "stripped", code: "let x        " });
  });

  test("that breaks the stripper breaks nothing for the next text", () => {
    expect(stripTypes(`let x: ${"(".repeat(20_000)}number${")".repeat(20_000)} = 1`)).toEqual({
      kind: "unknown",
    });
    expect(stripTypes("let x: number")).toEqual({ kind: "stripped", code: "let x        " });
    expect(refusal(`let x: ${"(".repeat(20_000)}`)).toContain('Unexpected ":" (line 1, column 6)');
  });

  test("that is very long is judged as JavaScript", () => {
    expect(stripTypes(`let x: number; ${" ".repeat(70_000)}`)).toEqual({ kind: "unknown" });
  });

  test("cannot reach out of its types", () => {
    expect(refusal("let a: `$" + "{}` } ; evil(); {`")).toContain("SyntaxError");
  });
});
