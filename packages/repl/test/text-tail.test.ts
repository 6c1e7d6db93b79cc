import { expect, test } from "vitest";
import { TextTail } from "../src/text-tail.ts";

function tailOf(maxBytes: number, ...pieces: readonly string[]): string {
  const tail = new TextTail(maxBytes);
  for (const piece of pieces) tail.push(Buffer.from(piece));
  return tail.text();
}

test("a text that fits is kept whole", () => {
  expect(tailOf(10, "one ", "two\n")).toBe("one two");
});

test("of a longer text the end is kept, and that it was cut is told", () => {
  expect(tailOf(5, "one ", "two ", "three")).toBe("…three");
});

test("a character is never torn", () => {
  expect(tailOf(5, "aé漢", "b")).toBe("…漢b");
  expect(tailOf(4, "漢字")).toBe("…字");
});

test("control characters are shown as what they are not", () => {
  expect(tailOf(100, "a\u001b[31mb\u0007\tc\r\nd\u009b")).toBe("a\ufffd[31mb\ufffd\tc\r\nd\ufffd");
});

test("of a chunk larger than what is kept, the end is kept", () => {
  expect(tailOf(10, "begin ", "x".repeat(100_000))).toBe(`…${"x".repeat(10)}`);
});
