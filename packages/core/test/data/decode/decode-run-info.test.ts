import { expect, test } from "vitest";
import { decodeRunInfo } from "../../../src/data/decode/decode.ts";

const RUN = {
  runId: "run",
  branch: { id: "fork", parent: { branch: "main", at: "root#3" }, createdAt: 5 },
  metadata: { title: "x", nested: [null] },
};

test("a run's description is given back frozen", () => {
  const decoded = decodeRunInfo(structuredClone(RUN), "$");
  expect(decoded).toStrictEqual(RUN);
  expect(Object.isFrozen(decoded.branch.parent) && Object.isFrozen(decoded.metadata.nested)).toBe(true);
});

test.each<[object, string]>([
  [{ ...RUN, runId: "" }, '$.run.runId should be a name but is ""'],
  [
    { ...RUN, branch: { ...RUN.branch, parent: undefined } },
    "$.run.branch.parent should be an object or null but is missing",
  ],
  [
    { ...RUN, branch: { ...RUN.branch, parent: { branch: "main" } } },
    "$.run.branch.parent.at should be a name but is missing",
  ],
  [{ ...RUN, metadata: [] }, "$.run.metadata should be an object but is a list of 0"],
  [{ ...RUN, more: 1 }, "$.run.more should be absent but is 1"],
])("a wrong one is refused with the place: %#", (value, says) => {
  expect(() => decodeRunInfo(value, "$.run")).toThrow(says);
});
