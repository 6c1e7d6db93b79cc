import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { startScript } from "./child-process.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

test("the example in the README runs and prints what it says", async () => {
  const readme = await readFile(join(import.meta.dirname, "../README.md"), "utf8");
  const [, code] = /```ts\n(.*?)```/s.exec(readme) ?? expect.fail("the README has no example");
  const directory = await temporaryDirectory();
  const file = join(directory, "example.mts");
  await writeFile(file, code ?? "");
  const script = startScript(file, [], { directory });
  const lines: string[] = [];
  for await (const line of script.lines) lines.push(line);
  expect(await script.ended).toBe(0);
  expect(lines).toEqual(["12000000 a long text", "first running", "false 0"]);
});
