import { expect, test } from "vitest";
import { TextTail } from "../../src/container/text-tail.ts";

test("keeps the end of what was written, however it came", () => {
  const tail = new TextTail(10);
  for (const piece of ["begin ", "middle ", "the end\n"]) tail.push(Buffer.from(piece));
  expect(tail.text()).toBe("e the end");
  tail.push(Buffer.from("x".repeat(100_000)));
  expect(tail.text()).toBe("x".repeat(10));
});
