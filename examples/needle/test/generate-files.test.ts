import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { generateFiles } from "../src/generate-files.ts";

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "needle-test-"));
});

afterEach(() => rm(directory, { recursive: true, force: true }));

it("hides one valid code among expired ones, where it says", async () => {
  const needle = await generateFiles(directory, { files: 30, linesPerFile: 20, seed: 7 });
  const names = await readdir(join(directory, "logs"));
  const lines = (
    await Promise.all(
      names.map(async (name) => {
        const text = await readFile(join(directory, "logs", name), "utf8");
        return text.split("\n").map((line, index) => ({ file: `logs/${name}`, line: index + 1, text: line }));
      }),
    )
  ).flat();

  expect(names).toHaveLength(30);
  const codes = lines.filter(({ text }) => text.includes("vault code"));
  expect(codes.length).toBeGreaterThan(1);
  expect(codes.filter(({ text }) => !text.includes("expired"))).toEqual([
    { file: needle.file, line: needle.line, text: `The vault code is ${needle.code}, valid from today.` },
  ]);
});

it("hides the same needle for the same seed and another for another", async () => {
  const options = { files: 20, linesPerFile: 20 };
  const first = await generateFiles(directory, { ...options, seed: 1 });
  expect(await generateFiles(directory, { ...options, seed: 1 })).toEqual(first);
  expect(await generateFiles(directory, { ...options, seed: 2 })).not.toEqual(first);
});
