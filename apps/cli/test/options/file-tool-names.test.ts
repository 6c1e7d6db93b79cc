import { fileTools } from "@rlmflow/tools";
import { expect, test } from "vitest";
import { FILE_TOOLS } from "../../src/options/file-tool-names.ts";

test("the names of the file tools are those of @rlmflow/tools", () => {
  const names = (readOnly: boolean) => fileTools(".", { readOnly }).map(({ name }) => name);
  expect(FILE_TOOLS.read.toSorted()).toEqual(names(true).toSorted());
  expect(FILE_TOOLS.write.toSorted()).toEqual(names(false).toSorted());
});
