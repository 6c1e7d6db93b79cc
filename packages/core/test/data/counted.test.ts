import { expect, test } from "vitest";
import { counted } from "../../src/index.ts";

test("a noun stands in the number of its count", () => {
  expect([0, 1, 2].map((count) => counted(count, "node"))).toEqual(["0 nodes", "1 node", "2 nodes"]);
  expect([1, 2].map((count) => counted(count, "reply", "replies"))).toEqual(["1 reply", "2 replies"]);
});
