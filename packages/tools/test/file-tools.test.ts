import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { link, mkdir, readdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Tool } from "@rlmflow/core";
import { beforeEach, describe, expect, it } from "vitest";
import { processorMs } from "../../../test/processor-time.ts";
import { fileTools } from "../src/file-tools.ts";
import { temporaryName } from "../src/files/temporaries.ts";
import { call, complaint, makeDirectory } from "./working-directory.ts";

let root = "";
let tools: Tool[] = [];

beforeEach(async () => {
  root = await makeDirectory();
  tools = fileTools(root);
});

const put = async (path: string, text: string | Uint8Array): Promise<void> => {
  await mkdir(join(root, path, ".."), { recursive: true });
  await writeFile(join(root, path), text);
};

describe("file tools", () => {
  it("are these, with what a model needs to call them", () => {
    const words = tools.map(({ name, parameters, returns, repeat }) => {
      const list = parameters.map((one) => `${one.name}${one.required ? "" : "?"}: ${one.type}`);
      return `${name}(${list.join(", ")}): ${returns} [${repeat}]`;
    });
    expect(words).toEqual([
      "readFile(path: string): string [safe]",
      "readLines(path: string, start: integer, end?: integer): string[] [safe]",
      "lineCount(path: string): integer [safe]",
      'fileInfo(path: string): {kind: "file" | "directory" | "other", size: integer} | null [safe]',
      'ls(path?: string): {name: string, kind: "file" | "directory" | "other", size: integer}[] [safe]',
      "listFiles(pattern?: string, max?: integer): string[] [safe]",
      "countFiles(pattern?: string): integer [safe]",
      "grep(pattern: string, path?: string, max?: integer): {matches: {path: string, line: integer, text: string}[], complete: boolean, notes: string[]} [safe]",
      "writeFile(path: string, text: string): null [safe]",
      "appendFile(path: string, text: string): null [never]",
      "editFile(path: string, edits: {old: string, new: string, all?: boolean}[]): null [never]",
    ]);
    expect(fileTools(root, { readOnly: true })).toHaveLength(8);
  });

  it("refuse limits that are none, all at once", () => {
    expect(() => fileTools(root, { maxReadBytes: -1, maxListed: Number.NaN })).toThrow(
      "these limits must be whole numbers from 0: maxReadBytes (-1), maxListed (NaN)",
    );
  });

  it("remove before the first write what dead processes were writing, and nothing else", async () => {
    const gone = spawnSync("true").pid;
    const living = temporaryName();
    const dead = living.replace(/-\d+-/, `-${gone}-`);
    const elsewhere = dead.replace(/-[0-9a-f]{8}-/, "-00000000-");
    const others = [living, elsewhere, ".rlmflow-notes", ".rlmflow-0123456789abcdef01"];
    for (const name of [dead, ...others])
      for (const path of [name, `deep/deeper/${name}`]) await put(path, "half");
    await call(tools, "writeFile", "a.txt", "one");
    expect((await readdir(root)).sort()).toEqual(["a.txt", "deep", ...others].sort());
    expect((await readdir(join(root, "deep/deeper"))).sort()).toEqual(others.toSorted());
  });

  it("say that their directory is missing without naming it", async () => {
    const lost = fileTools(join(root, "lost"));
    expect(await complaint(lost, "readFile", "a")).toBe(
      "The directory of the file tools cannot be opened (ENOENT).",
    );
    await put("file", "");
    expect(await complaint(fileTools(join(root, "file")), "ls")).toBe(
      "The directory of the file tools is not a directory.",
    );
  });

  it("follow a root that moves on", async () => {
    await put("one/a", "1");
    await put("two/a", "2");
    let at = "one";
    const moving = fileTools({ path: () => join(root, at) });
    expect(await call(moving, "readFile", "a")).toBe("1");
    at = "two";
    expect(await call(moving, "readFile", "a")).toBe("2");
  });

  it("accept a root that is itself a link", async () => {
    await put("real/a", "1");
    await symlink("real", join(root, "alias"));
    expect(await call(fileTools(join(root, "alias")), "readFile", "a")).toBe("1");
  });
});

describe("reading", () => {
  it("gives the text exactly, byte order mark and line ends included", async () => {
    const text = "\uFEFFa\r\nb\n\u0000ü😀\u2028";
    await put("sub dir/ö 😀.txt", text);
    expect(await call(tools, "readFile", "sub dir/ö 😀.txt")).toBe(text);
    expect(await call(tools, "readFile", "./sub dir//ö 😀.txt")).toBe(text);
    expect(await call(tools, "readFile", { path: "sub dir/ö 😀.txt" })).toBe(text);
    expect(await call(tools, "readFile", { file: "x" }).catch((error: Error) => error.message)).toContain(
      'there is no argument "file"',
    );
  });

  it("says what is wrong", async () => {
    await put("binary", new Uint8Array([65, 66, 0xff, 67]));
    await put("cut", new Uint8Array([65, 0xf0, 0x9f]));
    await mkdir(join(root, "folder"));
    expect(await complaint(tools, "readFile", "nope/a")).toBe(
      'There is no "nope". listFiles() and ls() say what there is.',
    );
    expect(await complaint(tools, "readFile", "folder")).toBe('"folder" is a directory.');
    expect(await complaint(tools, "readFile", "binary")).toBe(
      '"binary" is not text in UTF-8, so it cannot be read as text.',
    );
    expect(await complaint(tools, "readFile", "cut")).toContain('"cut" is not text in UTF-8');
    expect(await complaint(tools, "readFile", "binary/x")).toContain('"binary" is not a directory');
    expect(await complaint(tools, "readFile", "")).toContain('"" is the working directory, not a file');
    expect(await complaint(tools, "readFile", "x".repeat(300))).toContain("a name longer than 255 bytes");
  });

  it("stops at a file that is too large and says what to do", async () => {
    const small = fileTools(root, { maxReadBytes: 10 });
    await put("ten", "0123456789");
    await put("eleven", "01234567890");
    expect(await call(small, "readFile", "ten")).toBe("0123456789");
    expect(await complaint(small, "readFile", "eleven")).toBe(
      '"eleven" has 11 bytes, and at most 10 are read at once. Read parts of it with readLines, or search it in parts.',
    );
  });

  it("gives lines from 0, the end not included, and counts them", async () => {
    await put("lines", "zero\none\r\ntwo\n\nfour");
    expect(await call(tools, "lineCount", "lines")).toBe(5);
    expect(await call(tools, "readLines", "lines", 0)).toEqual(["zero", "one", "two", "", "four"]);
    expect(await call(tools, "readLines", "lines", 1, 3)).toEqual(["one", "two"]);
    expect(await call(tools, "readLines", "lines", 3, 4)).toEqual([""]);
    expect(await call(tools, "readLines", "lines", 4, 99)).toEqual(["four"]);
    expect(await call(tools, "readLines", "lines", 9, 99)).toEqual([]);
    expect(await call(tools, "readLines", "lines", 2, 2)).toEqual([]);
    expect(await complaint(tools, "readLines", "lines", 2, 1)).toBe(
      "readLines: end (1) is before start (2).",
    );
    expect(await complaint(tools, "readLines", "lines", -1)).toContain(
      "start: wanted a number not below 0, got -1",
    );
    await put("empty", "");
    expect(await call(tools, "lineCount", "empty")).toBe(0);
    expect(await call(tools, "readLines", "empty", 0)).toEqual([]);
  });

  it("gives the same lines as a split of the whole, over chunk borders and for large files", async () => {
    const lines = Array.from({ length: 60_000 }, (_, index) => `${"ü".repeat(index % 37)}${index}`);
    await put("large", lines.join("\n"));
    const small = fileTools(root, { maxReadBytes: 20_000 });
    for (const [start, end] of [
      [0, 1],
      [6_499, 6_520],
      [31_000, 31_200],
      [59_990, 60_000],
    ] as const) {
      expect(await call(small, "readLines", "large", start, end)).toEqual(lines.slice(start, end));
    }
    expect(await call(small, "lineCount", "large")).toBe(60_000);
    expect(await complaint(small, "readLines", "large", 0)).toContain(
      "holds more than 20000 bytes in lines 0 to",
    );
  });

  it("says what stands at a path", async () => {
    await put("a/b.txt", "12345");
    await symlink("/etc", join(root, "out"));
    expect(await call(tools, "fileInfo", "a/b.txt")).toEqual({ kind: "file", size: 5 });
    expect(await call(tools, "fileInfo", "a")).toEqual({ kind: "directory", size: 0 });
    expect(await call(tools, "fileInfo", ".")).toEqual({ kind: "directory", size: 0 });
    expect(await call(tools, "fileInfo", "out")).toEqual({ kind: "other", size: 0 });
    expect(await call(tools, "fileInfo", "a/none/x")).toBeNull();
    expect(await complaint(tools, "fileInfo", "out/passwd")).toContain('"out" is a symbolic link');
  });
});

describe("writing", () => {
  it("makes directories, replaces a file whole and leaves nothing else behind", async () => {
    expect(await call(tools, "writeFile", "a/b c/😀.txt", "one")).toBeNull();
    await call(tools, "writeFile", "a/b c/😀.txt", "two");
    expect(await readFile(join(root, "a/b c/😀.txt"), "utf8")).toBe("two");
    expect(await readdir(join(root, "a/b c"))).toEqual(["😀.txt"]);
  });

  it("keeps the mode of a file it replaces", async () => {
    await put("run.sh", "old");
    const { chmod } = await import("node:fs/promises");
    await chmod(join(root, "run.sh"), 0o750);
    await call(tools, "writeFile", "run.sh", "new");
    expect((await stat(join(root, "run.sh"))).mode & 0o777).toBe(0o750);
  });

  it("appends, also to what is not there and to bytes that are no text", async () => {
    await call(tools, "appendFile", "log", "a\n");
    await call(tools, "appendFile", "log", "b\n");
    expect(await call(tools, "readFile", "log")).toBe("a\nb\n");
    await put("bytes", new Uint8Array([255]));
    await call(tools, "appendFile", "bytes", "x");
    expect([...(await readFile(join(root, "bytes")))]).toEqual([255, 120]);
  });

  it("does not lose one of many appends at the same moment, from several sets of tools", async () => {
    const others = fileTools(root);
    await Promise.all(
      Array.from({ length: 100 }, (_, index) =>
        call(index % 2 ? tools : others, "appendFile", "log", `${index}\n`),
      ),
    );
    const lines = await call(tools, "readLines", "log", 0);
    expect(new Set(lines as string[]).size).toBe(100);
  });

  it("never writes through another name of the file", async () => {
    const outside = await makeDirectory();
    await writeFile(join(outside, "secret"), "safe");
    await link(join(outside, "secret"), join(root, "linked"));
    await call(tools, "appendFile", "linked", " and more");
    expect(await readFile(join(outside, "secret"), "utf8")).toBe("safe");
    expect(await readFile(join(root, "linked"), "utf8")).toBe("safe and more");
  });

  it("refuses half of a character, a directory, a path through a file, and too much", async () => {
    await mkdir(join(root, "folder"));
    await put("file", "x");
    expect(await complaint(tools, "writeFile", "a", "ab\ud800")).toContain(
      'The text for "a" holds half of a character (character 2)',
    );
    expect(await complaint(tools, "writeFile", "folder", "x")).toBe('"folder" is a directory.');
    expect(await complaint(tools, "writeFile", "file/x", "x")).toBe('"file" is not a directory.');
    expect(await complaint(fileTools(root, { maxWriteBytes: 3 }), "writeFile", "a", "üü")).toContain(
      '"a" would have 4 bytes, and at most 3 are written',
    );
    expect((await readdir(root)).toSorted()).toEqual(["file", "folder"]);
  });

  it("keeps all files together within a limit, and lets go what was made smaller", async () => {
    await put("sub/seen", "1234");
    const small = fileTools(root, { maxTotalBytes: 10 });
    await call(small, "writeFile", "a", "123456");
    expect(await complaint(small, "writeFile", "b", "1")).toBe(
      '"b" would be too much: 10 of at most 10 bytes are used by all files together, and this adds 1. Make other files smaller or write to one that is there.',
    );
    await call(small, "writeFile", "a", "12345");
    await call(small, "writeFile", "b", "1");
    await put(".rlmflow/runs/log", "x".repeat(1_000));
    await writeFile(join(root, "sub/seen"), "");
    await call(small, "writeFile", "c", "1234");
    expect(await call(small, "countFiles")).toBe(4);
  });

  it("keeps the number of files within a limit, empty ones too", async () => {
    const few = fileTools(root, { maxFiles: 2 });
    await put(".rlmflow/runs/log", "");
    await call(few, "writeFile", "a", "");
    await call(few, "writeFile", "b", "");
    expect(await complaint(few, "writeFile", "c", "")).toContain(
      '"c" would be too much: there are 2 files, and at most 2 are allowed',
    );
    await call(few, "writeFile", "b", "longer");
  });

  it("makes no directories for a file that it then refuses", async () => {
    expect(
      await complaint(fileTools(root, { maxWriteBytes: 1 }), "writeFile", "x/y/z", "too long"),
    ).toContain("at most 1 are written");
    expect(await complaint(tools, "editFile", "x/y/z", [{ old: "a", new: "b" }])).toContain(
      'There is no "x/y/z"',
    );
    expect(await readdir(root)).toEqual([]);
  });

  it("tells before a write what the file was, and writes nothing when that fails", async () => {
    const seen: string[] = [];
    const watched = fileTools(root, {
      beforeWrite: async ({ path, previous, effectKey }) => {
        seen.push(`${path} ${previous === null ? "new" : Buffer.from(previous).toString()} ${effectKey}`);
        if (path === "no") throw new Error("not now");
      },
    });
    await call(watched, "writeFile", "./a", "1");
    await call(watched, "appendFile", "a", "2");
    expect(await complaint(watched, "writeFile", "no", "x")).toBe("not now");
    expect(seen).toEqual(["a new run/main/root#1/0", "a 1 run/main/root#1/0", "no new run/main/root#1/0"]);
    expect(existsSync(join(root, "no"))).toBe(false);
  });

  it("runs each write within the lock it is given", async () => {
    const order: string[] = [];
    const locked = fileTools(root, {
      lock: async (effect) => {
        order.push("in");
        const result = await effect();
        order.push(existsSync(join(root, "a")) ? "written" : "not written");
        return result;
      },
    });
    await call(locked, "writeFile", "a", "1");
    expect(order).toEqual(["in", "written"]);
  });
});

describe("editing", () => {
  const edit = (edits: { old: string; new: string; all?: boolean }[]) => call(tools, "editFile", "f", edits);
  const refusal = (edits: { old: string; new: string; all?: boolean }[]) =>
    complaint(tools, "editFile", "f", edits);

  beforeEach(() => put("f", "one two\r\nthree two\n"));

  it("makes all edits in order, each once unless told otherwise", async () => {
    await edit([
      { old: "one", new: "$& 1" },
      { old: "$& 1", new: "uno" },
      { old: "two", new: "dos", all: true },
    ]);
    expect(await call(tools, "readFile", "f")).toBe("uno dos\r\nthree dos\n");
  });

  it("makes none when one does not fit, and says which and why", async () => {
    expect(
      await refusal([
        { old: "one", new: "1" },
        { old: "four", new: "4" },
      ]),
    ).toBe('Edit 1 of "f" does not apply: its "old" text does not occur. No edit was made.');
    expect(await refusal([{ old: "two", new: "2" }])).toBe(
      'Edit 0 of "f" is not clear: its "old" text occurs 2 times. Give more text around it, or all: true. No edit was made.',
    );
    expect(await refusal([{ old: "two\nthree", new: "" }])).toContain(
      '(the file\'s lines end with "\\r\\n")',
    );
    expect(await refusal([{ old: "  three ", new: "" }])).toContain("without the blanks around it");
    expect(await refusal([{ old: "ONE", new: "" }])).toContain("in other letter case");
    expect(await refusal([{ old: "", new: "x" }])).toContain('has an empty "old"');
    expect(await refusal([{ old: "one", new: "one" }])).toBe('The edits leave "f" as it was.');
    expect(await refusal([])).toContain("edits: wanted a list of at least 1, got 0");
    expect(await complaint(tools, "editFile", "none", [{ old: "a", new: "b" }])).toContain(
      'There is no "none"',
    );
    expect(await call(tools, "readFile", "f")).toBe("one two\r\nthree two\n");
  });
});

describe("names and texts that only look the same", () => {
  const NFD = "Abscha\u0308tzung";
  const NFC = NFD.normalize("NFC");

  it("are told apart when a file or directory is read", async () => {
    await put(`${NFD}/${NFD}.txt`, "found");
    await put(`${NFC}2.txt`, "found");
    for (const path of [`${NFD}/${NFC}.txt`, `${NFC}/${NFD}.txt`, `${NFD}2.txt`])
      expect(await complaint(tools, "readFile", { path })).toMatch(/another Unicode form.*listFiles\(\)/);
    expect(await complaint(tools, "readFile", { path: "other.txt" })).toContain('There is no "other.txt".');
  });

  it("are told apart when a file is edited", async () => {
    await put("a.txt", `the ${NFD}`);
    const edits = [{ old: NFC, new: "x" }];
    expect(await complaint(tools, "editFile", { path: "a.txt", edits })).toContain("another Unicode form");
  });
});

describe("a path that can't be written", () => {
  it.each([".rlmflow/x", "a/.rlmflow-1", ".RLMFLOW"])(
    "%s is refused as one kept for the host",
    async (path) => {
      for (const name of ["writeFile", "appendFile"])
        expect(await complaint(tools, name, { path, text: "x" })).toMatch(
          /cannot be written: names that begin with/,
        );
      expect(await readdir(root)).toEqual([]);
    },
  );

  it.each(["x/", "x/y/", "x/."])("%s is refused as the path of a directory", async (path) => {
    for (const name of ["writeFile", "appendFile"])
      expect(await complaint(tools, name, { path, text: "x" })).toContain('ends with "/"');
    expect(await readdir(root)).toEqual([]);
  });
});

describe("listing", () => {
  beforeEach(async () => {
    for (const path of [
      "b.txt",
      "a.ts",
      "src/x.ts",
      "src/deep/y.ts",
      "src/deep/z.tsx",
      "[odd].ts",
      "sp ace/é 😀.md",
    ])
      await put(path, path);
    await put(".rlmflow/runs/r/log.jsonl", "secret");
    await put("src/.rlmflow/x.ts", "secret");
    await put(".rlmflow-1234", "temporary");
    await put(".hidden", "");
  });

  it("of one directory names kinds and sizes, never the run store", async () => {
    expect(await call(tools, "ls", "src")).toEqual([
      { name: "deep", kind: "directory", size: 0 },
      { name: "x.ts", kind: "file", size: 8 },
    ]);
    const names = (await call(tools, "ls")) as { name: string }[];
    expect(names.map(({ name }) => name)).toEqual([".hidden", "[odd].ts", "a.ts", "b.txt", "sp ace", "src"]);
    expect(await complaint(tools, "ls", "a.ts")).toBe('"a.ts" is not a directory.');
  });

  it.each([
    [
      "",
      [
        ".hidden",
        "[odd].ts",
        "a.ts",
        "b.txt",
        "sp ace/é 😀.md",
        "src/deep/y.ts",
        "src/deep/z.tsx",
        "src/x.ts",
      ],
    ],
    ["src", ["src/deep/y.ts", "src/deep/z.tsx", "src/x.ts"]],
    ["./src/", ["src/deep/y.ts", "src/deep/z.tsx", "src/x.ts"]],
    ["src/x.ts", ["src/x.ts"]],
    ["*.ts", ["[odd].ts", "a.ts"]],
    ["**/*.ts", ["[odd].ts", "a.ts", "src/deep/y.ts", "src/x.ts"]],
    ["src/**", ["src/deep/y.ts", "src/deep/z.tsx", "src/x.ts"]],
    ["src/*/?.ts*", ["src/deep/y.ts", "src/deep/z.tsx"]],
    ["**/{x,z}.{ts,tsx}", ["src/deep/z.tsx", "src/x.ts"]],
    ["[!b].*", ["a.ts"]],
    ["[[]odd*", ["[odd].ts"]],
    ["**/*😀*", ["sp ace/é 😀.md"]],
    ["none/**", []],
    ["a.ts/*", []],
    ["**/.rlmflow*", []],
  ])("of %j gives those files", async (pattern, paths) => {
    expect(await call(tools, "listFiles", pattern)).toEqual(paths);
    expect(await call(tools, "countFiles", pattern)).toBe(paths.length);
  });

  it("of a path that is not there is a failure", async () => {
    expect(await complaint(tools, "listFiles", "none")).toContain('There is no "none"');
    expect(await complaint(tools, "listFiles", "../**")).toContain('holds ".."');
    expect(await complaint(tools, "listFiles", "{a")).toContain('The pattern "{a" cannot be read');
    expect(await complaint(tools, "listFiles", "*".repeat(201))).toContain("is longer than 200 characters");
  });

  it("gives the first so many when asked, else says that there are too many", async () => {
    expect(await call(tools, "listFiles", "", 2)).toEqual([".hidden", "[odd].ts"]);
    const small = fileTools(root, { maxListed: 3 });
    expect(await complaint(small, "listFiles")).toBe(
      'There are 8 names in ".", and at most 3 are listed at once. Name a directory or a glob with fewer, or pass max.',
    );
    expect(await complaint(small, "ls")).toContain("There are 6 names");
    expect(await call(small, "listFiles", "src")).toHaveLength(3);
  });

  it("of 10,000 files takes no time to speak of", async () => {
    await mkdir(join(root, "many"));
    for (let folder = 0; folder < 10; folder += 1) {
      await mkdir(join(root, `many/${folder}`));
      await Promise.all(
        Array.from({ length: 1_000 }, (_, file) => writeFile(join(root, `many/${folder}/${file}.txt`), "")),
      );
    }
    const spent = await processorMs(async () => {
      expect(await call(tools, "listFiles", "many/**/*.txt")).toHaveLength(10_000);
      expect(await call(tools, "countFiles", "many/3")).toBe(1_000);
    });
    expect(spent).toBeLessThan(10_000);
  });
});
