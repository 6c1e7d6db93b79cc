import { expect, test } from "vitest";
import { errorData } from "../../../src/engine/agent/error-data.ts";

test.each<[string, unknown, object]>([
  ["an error", new TypeError("no"), { name: "TypeError", message: "no" }],
  [
    "an error with a cause",
    new Error("out", { cause: new RangeError("in") }),
    { name: "Error", message: "out", cause: { name: "RangeError", message: "in" } },
  ],
  ["text", "no", { name: "Error", message: "no" }],
  ["nothing", undefined, { name: "Error", message: "undefined" }],
  ["a symbol", Symbol("s"), { name: "Error", message: "Symbol(s)" }],
  ["an object without text", Object.create(null), { message: "a value that can't be written as text" }],
  [
    "an object whose text throws",
    {
      toString() {
        throw new Error("no");
      },
    },
    { message: "a value that can't be written as text" },
  ],
  ["an error with a name of another type", Object.assign(new Error("no"), { name: 7 }), { name: "7" }],
  [
    "an error without a message",
    Object.assign(new Error("no"), { message: undefined }),
    { message: "undefined" },
  ],
])("%s becomes data", (_what, thrown, data) => {
  expect(errorData(thrown)).toMatchObject(data);
  expect(JSON.parse(JSON.stringify(errorData(thrown)))).toEqual(errorData(thrown));
});
