import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { encodeWrite, encodeWrites, readWriteLog, type WriteEntry } from "../../src/files/write-log.ts";
import { sealLine } from "../../src/log/log-line.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

const entries: readonly WriteEntry[] = [0, 1, 2, 3].map((number) => ({
  key: `run/main/root#${number}/0`,
  path: `deep/${number}.txt`,
  before: null,
  after: { digest: `${number}`.repeat(64), bytes: number },
}));

async function fileOf(lines: readonly string[]): Promise<string> {
  const file = join(await temporaryDirectory(), "writes.jsonl");
  await writeFile(file, lines.map((line) => `${line}\n`).join(""));
  return file;
}

const lines = encodeWrites(entries).toString().trimEnd().split("\n");
/** As the version before wrote them. */
const oldLines = entries.map((entry) =>
  sealLine(JSON.stringify({ v: 1, ...entry }).slice(0, -1))
    .toString()
    .trimEnd(),
);

test("a log of writes gives its entries, also those of the format before, and goes on in this one", async () => {
  expect((await readWriteLog(await fileOf(lines))).entries).toEqual(entries);
  const old = await fileOf(oldLines.slice(0, 2));
  const { sum, end } = await readWriteLog(old);
  const text = await readFile(old);
  expect(end).toBe(text.length);
  const [, , third] = entries;
  if (third === undefined) throw new Error("there are four");
  await writeFile(old, Buffer.concat([text, encodeWrite(third, sum)]));
  expect((await readWriteLog(old)).entries).toEqual(entries.slice(0, 3));
});

test.each<[string, readonly string[], number]>([
  ["the first line is missing", lines.slice(1), 1],
  ["a line in the middle is missing", lines.toSpliced(1, 1), 2],
  ["a line stands twice", lines.toSpliced(2, 0, lines[1] ?? ""), 3],
  ["two lines were exchanged", [lines[0], lines[2], lines[1], lines[3]].map(String), 2],
  ["an old line stands behind a new one", [lines[0] ?? "", oldLines[1] ?? ""], 2],
  ["a line was changed", lines.map((line) => line.replace("deep/2", "deep/9")), 3],
])("damage is told with its line: %s", async (_, damaged, line) => {
  const file = await fileOf(damaged);
  await expect(readWriteLog(file)).rejects.toMatchObject({
    code: "damaged_log",
    message: expect.stringContaining(`${file} line ${line} is damaged: `),
    details: { file, line },
  });
});

test("a line of a newer format is refused and not called damaged", async () => {
  const newer = sealLine('{"v":3,"key":"x"').toString().trimEnd();
  const file = await fileOf([...lines, newer]);
  await expect(readWriteLog(file)).rejects.toMatchObject({
    code: "unsupported_format",
    message: `${file} line 5: it has format 3, this version reads up to 2. Use the version of rlmflow that wrote it, or a newer one.`,
  });
});
