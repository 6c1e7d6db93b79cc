import { describe, expect, it } from "vitest";
import * as entry from "../src/index.ts";

describe("the package", () => {
  it("exports these names", () => {
    expect(Object.keys(entry)).toEqual(["fileTools"]);
  });
});
