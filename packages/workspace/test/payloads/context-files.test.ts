import { execFileSync } from "node:child_process";
import { mkdir, readdir, readFile, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { RLMError } from "@rlmflow/core";
import { describe, expect, test } from "vitest";
import { openedWorkspace } from "../opened-workspace.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

/** A repeatable sequence of numbers from 0 to below 1. */
function* chance(seed: number): Generator<number, never, undefined> {
  for (let state = seed; ; ) {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    yield state / 2 ** 31;
  }
}

/** A text of characters of every length in UTF-8, in runs. */
function mixedText(seed: number, length: number): string {
  const alphabet = ["x", "abc\n", "ä", "\ufeff", "漢", "\u{1F600}", "\u{10FFFF}", "\0"];
  const draw = chance(seed);
  const parts: string[] = [];
  for (let size = 0; size < length; ) {
    const letter = alphabet[Math.floor(draw.next().value * alphabet.length)] ?? "";
    const run = letter.repeat(1 + Math.floor(draw.next().value ** 6 * 80_000));
    parts.push(run);
    size += run.length;
  }
  return parts.join("");
}

async function textFile(bytes: string | Uint8Array): Promise<string> {
  const path = join(await temporaryDirectory(), "input file.txt");
  await writeFile(path, bytes);
  return path;
}

async function message(
  code: "not_found" | "invalid_options" | "damaged_log",
  work: Promise<unknown>,
): Promise<string> {
  const error = await work.then(
    () => expect.fail("it was accepted"),
    (reason: unknown) => reason,
  );
  return RLMError.is(error, code) ? error.message : expect.fail(String(error));
}

describe("a context", () => {
  test.each([1, 2, 3, 4, 5, 6])(
    "gives any range of a mixed text, just put and opened anew (seed %i)",
    async (seed) => {
      const text = mixedText(seed, 600_000);
      const workspace = await openedWorkspace();
      const { digest, characters } = await workspace.payloads.putContext(text);
      expect(characters).toBe(text.length);
      const put = await workspace.payloads.openContext(digest);
      const opened = await (await openedWorkspace(workspace.directory)).payloads.openContext(digest);
      const draw = chance(seed + 100);
      for (let round = 0; round < 300; round++) {
        const near = Math.round(draw.next().value * 10) * 65_536 + Math.floor(draw.next().value * 7) - 3;
        const start = Math.max(
          0,
          Math.min(text.length, round % 2 === 0 ? near : Math.floor(draw.next().value * text.length)),
        );
        const end = Math.min(text.length, start + Math.floor(draw.next().value ** 4 * 200_000));
        expect(put.read(start, end) === text.slice(start, end), `${start} to ${end}`).toBe(true);
        expect(opened.read(start, end) === text.slice(start, end), `${start} to ${end}`).toBe(true);
      }
    },
  );

  test("of plain ASCII is read by pieces", async () => {
    const workspace = await openedWorkspace();
    const text = Array.from({ length: 50_000 }, (_, line) => `line ${line}\n`).join("");
    const { digest } = await workspace.payloads.putContext(text);
    const context = await workspace.payloads.openContext(digest);
    expect(context.read(0, text.length) === text).toBe(true);
    expect(context.read(65_530, 65_550)).toBe(text.slice(65_530, 65_550));
    expect(context.read(-5, 3)).toBe("lin");
    expect(context.read(text.length - 2, text.length + 10)).toBe("9\n");
    expect(context.read(7, 7)).toBe("");
    expect(context.read(9, 5)).toBe("");
  });

  test("of 64 MiB is opened and read without being loaded", async () => {
    const workspace = await openedWorkspace();
    async function* text() {
      for (let i = 0; i < 64; i++) yield `${String(i).padStart(15, "0")}\n`.repeat(1 << 16);
    }
    const { digest, characters } = await workspace.payloads.putContext(text());
    expect(characters).toBe(64 << 20);
    const other = await openedWorkspace(workspace.directory);
    const before = process.memoryUsage();
    const context = await other.payloads.openContext(digest);
    for (let i = 0; i < 64; i++) {
      expect(context.read(i << 20, (i << 20) + 16)).toBe(`${String(i).padStart(15, "0")}\n`);
    }
    const after = process.memoryUsage();
    const grown = after.heapUsed + after.external - before.heapUsed - before.external;
    expect(grown).toBeLessThan(32 << 20);
  });

  test("is kept once, leaves nothing else behind, and is not written when its source fails", async () => {
    const workspace = await openedWorkspace();
    const first = await workspace.payloads.putContext("same");
    async function* failing() {
      yield "begun";
      throw new RangeError("the source broke");
    }
    await expect(workspace.payloads.putContext(failing())).rejects.toThrow("the source broke");
    expect(await workspace.payloads.putContext("same")).toEqual(first);
    expect(await readdir(join(workspace.directory, ".rlmflow/context"))).toEqual([first.digest]);
  });

  test("whose file was changed is refused, and so is one that is cut under a reader", async () => {
    const workspace = await openedWorkspace();
    const { digest } = await workspace.payloads.putContext("x".repeat(200_000));
    const path = join(workspace.directory, ".rlmflow/context", digest);
    const open = await workspace.payloads.openContext(digest);
    await truncate(path, 100_000);
    expect(() => open.read(150_000, 150_010)).toThrow("it has become shorter since it was opened");
    const other = await openedWorkspace(workspace.directory);
    const says = await message("damaged_log", other.payloads.openContext(digest));
    expect(says).toContain("its content no longer has the digest that is its name");
    await writeFile(path, "x".repeat(200_000));
    expect((await other.payloads.openContext(digest)).characters).toBe(200_000);
  });

  test("has no name but a digest", async () => {
    const workspace = await openedWorkspace();
    for (const digest of ["../runs", "", ".", "a".repeat(63)]) {
      expect(await message("not_found", workspace.payloads.openContext(digest))).toContain(
        "There is no context",
      );
      expect(await message("not_found", workspace.payloads.getBlob(digest))).toContain("There is no blob");
    }
  });
});

describe("a context from a file", () => {
  test("is the file's text without its byte order mark", async () => {
    const workspace = await openedWorkspace();
    const text = mixedText(7, 2_500_000).replace(/^\ufeff+/, "");
    const plain = await workspace.putContextFile(await textFile(text));
    expect(await workspace.putContextFile(await textFile(`\ufeff${text}`))).toEqual(plain);
    const context = await workspace.payloads.openContext(plain.digest);
    expect(context.read(0, text.length) === text).toBe(true);
    expect((await workspace.putContextFile(await textFile("\ufeff"))).characters).toBe(0);
    expect((await workspace.putContextFile(await textFile(""))).characters).toBe(0);
  });

  test("that is no UTF-8 is refused with the place", async () => {
    const workspace = await openedWorkspace();
    for (const at of [0, 1, 5, 1_048_574, 1_048_575, 1_048_576, 1_048_577, 1_500_000]) {
      const bytes = Buffer.concat([
        Buffer.from("ä漢x\u{1F600}".repeat(at)).subarray(0, 0),
        Buffer.alloc(at, 97),
        Buffer.from([0xff, 97, 98]),
      ]);
      const path = await textFile(bytes);
      const says = await message("invalid_options", workspace.putContextFile(path));
      expect(says).toContain(`${path} is no UTF-8 text: byte ${at} fits no character.`);
    }
    expect(await readdir(join(workspace.directory, ".rlmflow/context"))).toEqual([]);
  });

  test("that ends inside a character is refused", async () => {
    const workspace = await openedWorkspace();
    for (const size of [1, 2, 3]) {
      const path = await textFile(
        Buffer.concat([Buffer.from("abc"), Buffer.from("\u{1F600}").subarray(0, size)]),
      );
      expect(await message("invalid_options", workspace.putContextFile(path))).toContain(
        "byte 3 fits no character",
      );
    }
  });

  test("in UTF-16 is recognised", async () => {
    const workspace = await openedWorkspace();
    const path = await textFile(Buffer.from("\ufeffhello", "utf16le"));
    const says = await message("invalid_options", workspace.putContextFile(path));
    expect(says).toContain(
      "It looks like UTF-16LE. Convert it first, for example with iconv -f UTF-16LE -t UTF-8",
    );
  });

  test("that is missing, a directory or out of reach is named", async () => {
    const workspace = await openedWorkspace();
    const directory = await temporaryDirectory();
    const missing = join(directory, "missing");
    expect(await message("not_found", workspace.putContextFile(missing))).toContain(
      `There is no file ${missing}`,
    );
    expect(await message("invalid_options", workspace.putContextFile(directory))).toContain(
      "it is a directory; name a file in it",
    );
    expect(await message("invalid_options", workspace.putContextFile("/dev/null"))).toContain(
      "it is no regular file",
    );
    const pipe = join(directory, "pipe");
    execFileSync("mkfifo", [pipe]);
    expect(await message("invalid_options", workspace.putContextFile(pipe))).toContain(
      "it is no regular file",
    );
    await writeFile(missing, "");
    expect(await message("invalid_options", workspace.putContextFile(join(missing, "x")))).toContain(
      "ENOTDIR",
    );
  });
});

describe("a blob", () => {
  test("is written once, however often it is put", async () => {
    const workspace = await openedWorkspace();
    const text = JSON.stringify("x".repeat(100_000));
    const refs = await Promise.all(Array.from({ length: 20 }, () => workspace.payloads.putBlob(text)));
    const [ref] = refs;
    const path = join(workspace.directory, ".rlmflow/blobs", ref?.digest ?? "");
    const { ino, mtimeMs } = await stat(path);
    const other = await openedWorkspace(workspace.directory, { durability: "fsync" });
    expect(await other.payloads.putBlob(text)).toEqual(ref);
    expect(await stat(path)).toMatchObject({ ino, mtimeMs });
    expect(await readFile(path, "utf8")).toBe(text);
  });

  test("that was changed is refused by name, one that was cut is written anew", async () => {
    const workspace = await openedWorkspace();
    const { digest } = await workspace.payloads.putBlob('"good"');
    const path = join(workspace.directory, ".rlmflow/blobs", digest);
    await writeFile(path, '"evil"');
    expect(await message("damaged_log", workspace.payloads.getBlob(digest))).toContain(`${path} is damaged`);
    await writeFile(path, "");
    await workspace.payloads.putBlob('"good"');
    expect(await workspace.payloads.getBlob(digest)).toBe('"good"');
  });

  test("is not lost to a folder that was removed meanwhile", async () => {
    const workspace = await openedWorkspace();
    await mkdir(join(workspace.directory, ".rlmflow"), { recursive: true });
    const { digest } = await workspace.payloads.putBlob("1");
    expect(await workspace.payloads.getBlob(digest)).toBe("1");
  });
});
