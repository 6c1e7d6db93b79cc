import { open, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { readLines } from "../../src/log/line-reader.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

async function linesOf(
  text: string,
  from: number,
  limit?: number,
): Promise<readonly (readonly [string, number])[]> {
  const file = join(await temporaryDirectory(), "lines");
  await writeFile(file, text);
  const handle = await open(file);
  onTestFinished(() => handle.close());
  const found: (readonly [string, number])[] = [];
  for await (const lines of readLines(handle.fd, from, limit)) {
    for (const { bytes, offset } of lines) found.push([bytes.toString(), offset]);
  }
  return found;
}

test("whole lines are given with their places, the rest is left", async () => {
  expect(await linesOf("ab\n\nc\nrest", 0)).toEqual([
    ["ab", 0],
    ["", 3],
    ["c", 4],
  ]);
  expect(await linesOf("ab\n\nc\nrest", 3)).toEqual([
    ["", 3],
    ["c", 4],
  ]);
  expect(await linesOf("", 0)).toEqual([]);
  expect(await linesOf("rest", 0)).toEqual([]);
});

test("nothing is read behind the limit", async () => {
  expect(await linesOf("ab\ncd\n", 0, 3)).toEqual([["ab", 0]]);
  expect(await linesOf("ab\ncd\n", 0, 5)).toEqual([["ab", 0]]);
  expect(await linesOf("ab\ncd\n", 0, 0)).toEqual([]);
});

test("lines of any length around the size of a reading are put together", async () => {
  const lengths = [(1 << 20) - 1, 1 << 20, (1 << 20) + 1, 0, 5, (3 << 20) + 17, (1 << 20) - 7, 2];
  const lines = lengths.map((length, index) => String(index).repeat(length));
  const found = await linesOf(`${lines.join("\n")}\n`, 0);
  expect(found.map(([line]) => line.length)).toEqual(lengths);
  expect(found.every(([line], index) => line === lines[index])).toBe(true);
  const starts = lengths.map((_, index) =>
    lengths.slice(0, index).reduce((sum, length) => sum + length + 1, 0),
  );
  expect(found.map(([, offset]) => offset)).toEqual(starts);
});
