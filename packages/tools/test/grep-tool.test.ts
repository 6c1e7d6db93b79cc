import { execFileSync } from "node:child_process";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { JsonValue, Tool } from "@rlmflow/core";
import { beforeEach, describe, expect, it } from "vitest";
import { processorMs } from "../../../test/processor-time.ts";
import { fileTools } from "../src/file-tools.ts";
import { call, complaint, makeDirectory } from "./working-directory.ts";

let root = "";
let tools: Tool[] = [];

beforeEach(async () => {
  root = await makeDirectory();
  tools = fileTools(root);
  await mkdir(join(root, "src"));
  await writeFile(join(root, "a.txt"), "alpha\nbeta\r\ngamma beta\n");
  await writeFile(join(root, "src/b.ts"), "const beta = 1;\n");
});

interface Answer {
  matches: { path: string; line: number; text: string }[];
  complete: boolean;
  notes: string[];
}

const grep = async (...args: JsonValue[]): Promise<Answer> =>
  (await call(tools, "grep", ...args)) as unknown as Answer;

describe("grep", () => {
  it("gives path, line from 0 and text of every hit, in order", async () => {
    expect(await grep("be.a")).toEqual({
      matches: [
        { path: "a.txt", line: 1, text: "beta" },
        { path: "a.txt", line: 2, text: "gamma beta" },
        { path: "src/b.ts", line: 0, text: "const beta = 1;" },
      ],
      complete: true,
      notes: [],
    });
    expect((await grep("^beta$", "a.txt")).matches).toHaveLength(1);
    expect((await grep("(?i)BETA", "**/*.ts")).matches).toHaveLength(1);
    expect((await grep("beta", "src")).matches).toHaveLength(1);
    expect((await grep("nothing")).matches).toEqual([]);
  });

  it("says when there are more hits than it gives", async () => {
    expect(await grep("beta", "", 2)).toMatchObject({
      complete: false,
      notes: ["stopped after 2 hits: pass a larger max, or narrow pattern or path"],
    });
    expect(await grep("beta", "", 3)).toMatchObject({ complete: true });
  });

  it("names what it did not search", async () => {
    await writeFile(join(root, "bin"), new Uint8Array([1, 0, 2]));
    await writeFile(join(root, "latin"), new Uint8Array([0xe9]));
    await writeFile(join(root, "large"), "beta".repeat(30));
    await symlink("/etc/passwd", join(root, "out"));
    execFileSync("mkfifo", [join(root, "pipe")]);
    tools = fileTools(root, { maxReadBytes: 100 });
    const { matches, complete, notes } = await grep("beta");
    expect(matches).toHaveLength(3);
    expect(complete).toBe(false);
    expect(notes).toEqual([
      "bin: not text in UTF-8",
      "large: 120 bytes are more than 100",
      "latin: not text in UTF-8",
      "out: a link or special file",
      "pipe: a link or special file",
    ]);
  });

  it("counts what it did not search when there is much of it", async () => {
    await Promise.all(
      Array.from({ length: 30 }, (_, index) => writeFile(join(root, `bin${index}`), new Uint8Array([0]))),
    );
    const { notes } = await grep("beta");
    expect(notes).toHaveLength(21);
    expect(notes.at(-1)).toBe("and 10 more were not searched");
  });

  it("shows a part of a long line around the hit", async () => {
    await writeFile(join(root, "long"), `${"x".repeat(3_000)}needle${"y".repeat(3_000)}`);
    const [hit] = (await grep("needle", "long")).matches;
    expect(hit?.text).toMatch(/^…x{100}needley{394}…$/);
  });

  it.each([
    ["(", "missing closing )"],
    ["(a)\\1", "invalid escape sequence"],
    ["(?=a)", "invalid or unsupported Perl syntax"],
    ["a{2000}", "invalid repeat count"],
    ["a".repeat(1_001), "it is longer than 1000 characters"],
    ["(.{1,100}){10}".repeat(60), "its repetitions multiply to too many"],
  ])("refuses the pattern %s with the reason", async (pattern, reason) => {
    const message = await complaint(tools, "grep", pattern);
    expect(message).toContain("grep cannot use the pattern");
    expect(message).toContain(reason);
    expect(message).toContain("regular expressions of RE2");
  });

  it("refuses an empty pattern and a max beyond the limit", async () => {
    expect(await complaint(tools, "grep", "")).toContain(
      "pattern: wanted text of at least 1 characters, got 0",
    );
    expect(await complaint(tools, "grep", "a", "", 1_001)).toContain("max: wanted a number not above 1000");
  });

  it.each([
    "(a+)+$",
    "(a|aa)+$",
    "(a|a?)+b",
    "(.*a){20}b",
    "(a?){300}a{300}$",
    "^(([a-z])+.)+[A-Z]([a-z])+$",
    "(x+x+)+y",
    "(.*)*(.*)*(.*)*c",
  ])("takes linear time for %s, and leaves the host its turns", async (pattern) => {
    await writeFile(join(root, "bomb"), `${`${"a".repeat(200)}!\n`.repeat(200)}${"a".repeat(1_500)}!`);
    let longest = 0;
    let last = performance.now();
    const timer = setInterval(() => {
      longest = Math.max(longest, performance.now() - last);
      last = performance.now();
    }, 5);
    const spent = await processorMs(() => grep(pattern, "bomb"));
    clearInterval(timer);
    expect(spent).toBeLessThan(11_000);
    expect(longest).toBeLessThan(25_000);
  });

  it("says where a line was too long for its pattern", async () => {
    await writeFile(join(root, "line"), `${"b".repeat(50_000)}a`);
    const { notes, matches } = await grep("(a?){500}a{500}|ba", "line");
    expect(matches).toEqual([]);
    expect(notes[0]).toMatch(/^line, line 0: searched only up to character \d+$/);
  });

  it("stops when its time is over, and says so", async () => {
    await writeFile(join(root, "big"), "abc def\n".repeat(400_000));
    tools = fileTools(root, { maxGrepMs: 30 });
    const { complete, notes } = await grep("(x+x+)+y");
    expect(complete).toBe(false);
    expect(notes).toEqual(["stopped after 30 ms: narrow the path"]);
  });

  it("stops when the agent is cancelled", async () => {
    await writeFile(join(root, "big"), "abc def\n".repeat(400_000));
    const tool = tools.find(({ name }) => name === "grep");
    const controller = new AbortController();
    const pending = tool?.run(await tool.check(["zzz"]), {
      effectKey: "k",
      agentId: "root",
      depth: 0,
      signal: controller.signal,
    });
    controller.abort();
    await expect(pending).rejects.toThrow(/abort/i);
  });
});
