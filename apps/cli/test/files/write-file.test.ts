import { execFileSync } from "node:child_process";
import { lstat, mkdtemp, readdir, readFile, rm, symlink, writeFile as write } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RLMError } from "@rlmflow/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readText } from "../../src/files/read-text.ts";
import { writeFile } from "../../src/files/write-file.ts";

let directory = "";

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "rlmflow-cli-"));
  await write(join(directory, "file"), "old");
});

afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

async function refusal(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  return RLMError.is(error, "invalid_options") ? error.message : `no such error: ${String(error)}`;
}

describe("a file that a user named to be written", () => {
  it("is refused with the option, the place and what to do", async () => {
    const told = async (path: string) =>
      (await refusal(writeFile("--file", path, ["x"]))).replaceAll(directory, "~");
    expect(await told(join(directory, "a/b/x"))).toBe(
      "- --file ~/a/b/x: there is no directory ~/a: make it, or name another place",
    );
    expect(await told(join(directory, "file/x"))).toBe(
      "- --file ~/file/x: ~/file is a file, and a directory is needed: name another place",
    );
    expect(await told(directory)).toBe("- --file ~: it is a directory: name a file in it");
    expect(await told("")).toBe('- --file "": the name of a file is needed');
    expect(await told(join(directory, "n".repeat(300)))).toMatch(
      /: it can't be written: the name is too long/,
    );
    expect(await readdir(directory)).toEqual(["file"]);
  });

  it("is as it was when what is written fails half-way, and nothing is left beside it", async () => {
    async function* failing() {
      yield "new";
      throw new RLMError("damaged_log", "a blob is gone");
    }
    await expect(writeFile("--file", join(directory, "file"), failing())).rejects.toThrow("a blob is gone");
    expect(await readdir(directory)).toEqual(["file"]);
    expect(await readFile(join(directory, "file"), "utf8")).toBe("old");
  });

  it("is replaced where a link leads, and the link stays", async () => {
    await symlink(join(directory, "file"), join(directory, "link"));
    await writeFile("--file", join(directory, "link"), ["new"]);
    expect((await lstat(join(directory, "link"))).isSymbolicLink()).toBe(true);
    expect(await readFile(join(directory, "file"), "utf8")).toBe("new");
  });

  it("is written to as it is when it is a pipe", async () => {
    const pipe = join(directory, "pipe");
    execFileSync("mkfifo", [pipe]);
    const read = readFile(pipe, "utf8");
    await writeFile("--file", pipe, ["a", "b"]);
    expect(await read).toBe("ab");
    expect((await lstat(pipe)).isFIFO()).toBe(true);
  });
});

describe("a file that a user named to be read", () => {
  it("is refused with its name and the reason", async () => {
    const told = async (path: string) => (await refusal(readText(path))).replaceAll(directory, "~");
    expect(await told(join(directory, "a/b/x"))).toBe("- ~/a/b/x: there is no such file");
    expect(await told(join(directory, "file/x"))).toBe(
      "- ~/file/x: ~/file is a file, and a directory is needed: name another place",
    );
    expect(await told(directory)).toBe("- ~: it can't be read: it is a directory, and a file is needed");
    await write(join(directory, "bytes"), Buffer.from([0x61, 0xff]));
    expect(await told(join(directory, "bytes"))).toBe("- ~/bytes: it is no UTF-8 text");
    expect(await refusal(readText("/nope", "--code /nope"))).toBe("- --code /nope: there is no such file");
  });
});
