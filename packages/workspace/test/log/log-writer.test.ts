import { type FileHandle, open, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { RLMError, type RunNode } from "@rlmflow/core";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { encodeLine, NO_SUM, sumOf } from "../../src/log/log-line.ts";
import { LogReader } from "../../src/log/log-reader.ts";
import { LogWriter } from "../../src/log/log-writer.ts";
import { observation, run } from "../observation.ts";
import { openedWorkspace } from "../opened-workspace.ts";
import { makeReadOnly, smallDisk } from "../small-disk.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

describe("the writer of a log", () => {
  test("puts what is appended meanwhile into one write and one sync", async () => {
    const file = join(await temporaryDirectory(), "log");
    const handle = await open(file, "w+");
    const used: string[] = [];
    const counted = new Proxy(handle, {
      get(target, key) {
        if (key === "write" || key === "datasync") used.push(key);
        const member: unknown = Reflect.get(target, key, target);
        return typeof member === "function" ? member.bind(target) : member;
      },
    });
    const writer = new LogWriter({ handle: counted, file, end: 0, durability: "fsync" });
    await Promise.all(Array.from({ length: 1000 }, (_, n) => writer.append(Buffer.from(`${n}\n`))));
    expect(used).toEqual(["write", "datasync", "write", "datasync"]);
    await writer.close();
    const numbers = Array.from({ length: 1000 }, (_, n) => String(n));
    expect((await readFile(file, "utf8")).trimEnd().split("\n")).toEqual(numbers);
  });

  test.each([
    ["small ones, which are written in place", 10],
    ["large ones, which are not", 200_000],
  ])(
    "keeps the order of what is appended, and readers see what was acknowledged: %s",
    async (_what, size) => {
      const file = join(await temporaryDirectory(), "log");
      const writer = new LogWriter({ handle: await open(file, "w+"), file, end: 0, durability: "flush" });
      const lines = Array.from({ length: 50 }, (_, n) => `${n} ${"x".repeat(n % 3 === 0 ? size : 1)}`);
      const acknowledged: number[] = [];
      const appendOne = async (line: string, n: number) => {
        await writer.append(Buffer.from(`${line}\n`));
        acknowledged.push(n);
        expect((await stat(file)).size).toBeGreaterThanOrEqual(writer.end);
      };
      await Promise.all(lines.slice(0, 25).map(appendOne));
      for (const [index, line] of lines.slice(25).entries()) await appendOne(line, 25 + index);
      await writer.close();
      expect(acknowledged).toEqual(lines.keys().toArray());
      expect((await readFile(file, "utf8")).trimEnd().split("\n")).toEqual(lines);
    },
  );

  // Only Linux has a file that is always full.
  test.skipIf(process.platform !== "linux").each([10, 200_000])(
    "tells why a disk does not take a line of %i bytes",
    async (size) => {
      const file = "/dev/full";
      const handle = await open(file, "r+");
      const writer = new LogWriter({ handle, file, end: 0, durability: "flush" });
      const lines = ["one", "two"].map(() => Buffer.from(`${"x".repeat(size - 1)}\n`));
      const settled = await Promise.allSettled(lines.map((line) => writer.append(line)));
      settled.push(...(await Promise.allSettled([writer.append(Buffer.from("three\n"))])));
      for (const outcome of settled) {
        const reason: unknown = outcome.status === "rejected" ? outcome.reason : undefined;
        expect(RLMError.is(reason, "store_failed") && reason.message).toMatch(/ENOSPC/);
      }
      expect(writer.end).toBe(0);
      await writer.close();
    },
  );

  test("cuts the file back after a failed write and refuses everything from then on", async () => {
    const file = join(await temporaryDirectory(), "log");
    await writeFile(file, "good\n");
    const handle = await open(file, "r+");
    let failing = false;
    const broken = new Proxy(handle, {
      get(target, key) {
        const member: unknown = Reflect.get(target, key, target);
        if (typeof member !== "function") return member;
        if (key !== "datasync") return member.bind(target);
        return async () => {
          if (failing) throw new RangeError("the disk is gone");
        };
      },
    });
    const writer = new LogWriter({ handle: broken, file, end: 5, durability: "fsync" });
    await writer.append(Buffer.from("kept\n"));
    failing = true;
    const settled = await Promise.allSettled(
      ["one\n", "two\n"].map((line) => writer.append(Buffer.from(line))),
    );
    failing = false;
    settled.push(...(await Promise.allSettled([writer.append(Buffer.from("three\n"))])));
    for (const outcome of settled) {
      const reason: unknown = outcome.status === "rejected" ? outcome.reason : undefined;
      expect(RLMError.is(reason, "store_failed") && reason.message).toContain("the disk is gone");
    }
    await writer.close();
    expect(await readFile(file, "utf8")).toBe("good\nkept\n");
  });
});

type Operation = "write" | "short write" | "datasync";

/** The file, but that its operation number `at` of this kind fails; a write may leave half of its bytes behind. */
function failingAt(handle: FileHandle, kind: Operation, at: number, cutting: boolean): FileHandle {
  let calls = 0;
  return new Proxy(handle, {
    get(target, key) {
      const member: unknown = Reflect.get(target, key, target);
      if (typeof member !== "function") return member;
      if (key === "truncate" && !cutting) return async () => Promise.reject(new RangeError("no truncate"));
      if (key !== kind.replace("short ", "")) return member.bind(target);
      return async (bytes: Buffer, offset: number, length: number, position: number) => {
        calls++;
        if (calls < at) return member.call(target, bytes, offset, length, position);
        if (kind === "short write" && calls === at) {
          return member.call(target, bytes, offset, Math.ceil(length / 2), position);
        }
        throw new RangeError("injected");
      };
    },
  });
}

describe.each<Operation>(["write", "short write", "datasync"])("a %s that fails", (kind) => {
  test.each([true, false])(
    "at any moment loses nothing that was acknowledged (file cut back: %s)",
    async (cutting) => {
      const directory = await temporaryDirectory();
      for (let at = 1; at <= 12; at++) {
        const file = join(directory, `log-${at}`);
        const handle = await open(file, "w+");
        const writer = new LogWriter({
          handle: failingAt(handle, kind, at, cutting),
          file,
          end: 0,
          durability: "fsync",
        });
        const kept: RunNode[] = [];
        let n = 0;
        let sum = NO_SUM;
        for (let round = 0; round < 15; round++) {
          const nodes = Array.from({ length: 1 + (round % 4) }, () =>
            observation("root", n++, "x".repeat((n * 37) % 900)),
          );
          const lines = nodes.map((node) => {
            const line = encodeLine({ agentId: "root", n: node.n, nodes: [node] }, sum);
            sum = sumOf(line.subarray(0, -1));
            return line;
          });
          const settled = await Promise.allSettled(lines.map((line) => writer.append(line)));
          kept.push(...nodes.filter((_, index) => settled[index]?.status === "fulfilled"));
        }
        await writer.close();
        const read = await new LogReader(file).advance();
        expect(kept.length).toBeLessThan(n);
        expect(read.slice(0, kept.length)).toEqual(kept);
        if (cutting) expect(read.length).toBe(kept.length);
      }
    },
  );
});

describe("a full disk", () => {
  test("loses nothing that was acknowledged, and the run goes on when there is room", async ({ skip }) => {
    const disk = await smallDisk("size=1m");
    if ("reason" in disk) return skip(disk.reason);
    const workspace = await openedWorkspace(disk.path);
    const store = await workspace.createRun(run("run"));
    await writeFile(join(disk.path, "ballast"), Buffer.alloc(400_000));
    const settled = await Promise.allSettled(
      Array.from({ length: 40 }, (_, n) =>
        store.append("root", n, [observation("root", n, "x".repeat(30_000))]),
      ),
    );
    const kept = settled.filter(({ status }) => status === "fulfilled").length;
    const [failed] = settled.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason] : []));
    expect(kept).toBeLessThan(40);
    expect(RLMError.is(failed, "store_failed") && failed.message).toMatch(
      /log\.jsonl: ENOSPC.*make room, then start the run, or resume/,
    );
    const node = observation("root", kept);
    await expect(store.append("root", kept, [node])).rejects.toMatchObject({ code: "store_failed" });
    await expect(store.payloads.putBlob(`"${"y".repeat(900_000)}"`)).rejects.toMatchObject({
      code: "store_failed",
    });
    await expect(store.payloads.putContext("z".repeat(900_000))).rejects.toMatchObject({
      code: "store_failed",
    });
    expect((await store.read()).length).toBe(kept);
    await store.close();
    await rm(join(disk.path, "ballast"));
    const again = await workspace.openRun("run");
    expect(again.repaired.droppedBytes).toBe(0);
    await again.append("root", kept, [node]);
    expect((await again.read()).length).toBe(kept + 1);
  });
});

describe("a read-only disk", () => {
  test("can be read and says why it cannot be written", async ({ skip }) => {
    const disk = await smallDisk("size=1m");
    if ("reason" in disk) return skip(disk.reason);
    const workspace = await openedWorkspace(disk.path);
    const store = await workspace.createRun(run("run"));
    await store.append("root", 0, [observation("root", 0)]);
    const { digest } = await store.payloads.putContext("text");
    await store.close();
    await makeReadOnly(disk.path);
    expect(await (await workspace.reader("run")).next()).toEqual([observation("root", 0)]);
    expect((await workspace.payloads.openContext(digest)).read(0, 4)).toBe("text");
    expect(await workspace.runs()).toMatchObject([{ runId: "run", problem: null }]);
    const readOnly = expect.stringMatching(
      /EROFS.*make it one that can be written, or use a workspace in another directory/,
    );
    await expect(workspace.openRun("run")).rejects.toMatchObject({ code: "store_failed", message: readOnly });
    await expect(workspace.createRun(run("other"))).rejects.toMatchObject({
      code: "store_failed",
      message: readOnly,
    });
    await expect(workspace.payloads.putBlob("1")).rejects.toMatchObject({
      code: "store_failed",
      message: readOnly,
    });
  });
});

test("a file size is what was acknowledged", async () => {
  const workspace = await openedWorkspace();
  const store = await workspace.createRun(run("run"));
  await store.append("root", 0, [observation("root", 0)]);
  const { log } = workspace.branchPaths("run");
  const { size } = await stat(log);
  await expect(store.append("root", 5, [observation("root", 5)])).rejects.toMatchObject({
    code: "lost_race",
  });
  expect((await stat(log)).size).toBe(size);
});

describe("the invariants of a log", () => {
  const broken = (what: string) =>
    expect.objectContaining({ code: "protocol_violation", details: { invariant: what } });

  test("part of a line is not appended, nor anything after the close", async () => {
    const file = join(await temporaryDirectory(), "log");
    const writer = new LogWriter({ handle: await open(file, "w+"), file, end: 0, durability: "flush" });
    expect(() => writer.append(Buffer.from("half"))).toThrow(broken("a line of a log ends with a line feed"));
    await writer.append(Buffer.from("whole\n"));
    await writer.close();
    expect(() => writer.append(Buffer.from("late\n"))).toThrow(
      broken("nothing is appended to a log that is closed"),
    );
    expect(await readFile(file, "utf8")).toBe("whole\n");
  });

  test("a head is not written where the writer has stopped elsewhere", async () => {
    const workspace = await openedWorkspace();
    const store = await workspace.createRun(run("run"));
    await store.append("root", 0, [observation("root", 0)]);
    const end = vi.spyOn(LogWriter.prototype, "end", "get").mockReturnValue(1);
    onTestFinished(() => void end.mockRestore());
    await expect(store.close()).rejects.toEqual(broken("the head of a log is where its writer has stopped"));
    end.mockRestore();
    // The lock was given back.
    expect(await (await workspace.openRun("run")).read()).toHaveLength(1);
  });
});
