import { expect, test } from "vitest";
import { signature } from "../../src/language/signature.ts";

test.each([
  [[], "", "await f()"],
  [[], "string", "await f(): string"],
  [
    [
      { name: "path", type: "string", required: true },
      { name: "start", type: "integer", required: true },
      { name: "end", type: "integer", required: false },
    ],
    "string[]",
    "await f(path: string, start: number, end?: number): string[]",
  ],
  [
    [{ name: "rows", type: "array", required: true }],
    "integer | null",
    "await f(rows: unknown[]): number | null",
  ],
])("a function of %j that gives %j is called %j", (input, output, text) => {
  expect(signature({ name: "f", input, output })).toBe(text);
});
