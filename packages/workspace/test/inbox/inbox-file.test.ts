import { appendFile, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Inbox, InboxFate, InboxRequest } from "@rlmflow/core/store";
import { describe, expect, test } from "vitest";
import { InboxFile } from "../../src/inbox/inbox-file.ts";
import { sealLine } from "../../src/log/log-line.ts";
import { nextLine, startScript } from "../child-process.ts";
import { run } from "../observation.ts";
import { openedWorkspace } from "../opened-workspace.ts";
import { smallDisk } from "../small-disk.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

function opened(file: string): Inbox {
  return new InboxFile({ file, durability: "flush", assertOpen: () => undefined });
}

async function newFile(): Promise<string> {
  return join(await temporaryDirectory(), "inbox.jsonl");
}

const say = (text: string): InboxRequest => ({ kind: "say", agentId: "root", text });

describe("an inbox file", () => {
  test("is made with the first entry, and is empty before", async () => {
    const file = await newFile();
    const inbox = opened(file);
    expect(await inbox.take()).toEqual([]);
    const entry = await inbox.put(say("first"));
    expect(await inbox.take()).toEqual([entry]);
    expect(await readFile(file, "utf8")).toMatch(/^\n\{"v":1,"put":\{.*,"sum":"[0-9a-f]{8}"\}\n$/);
  });

  test("refuses what a newer version asks for, and stops at a line of one that names no entry", async () => {
    const file = await newFile();
    const inbox = opened(file);
    const kept = await inbox.put(say("known"));
    const line = (value: object) => appendFile(file, `\n${sealLine(JSON.stringify(value).slice(0, -1))}`);
    await line({ v: 2, put: { id: "newer", request: { kind: "dance" } } });
    expect(await inbox.take()).toEqual([kept]);
    expect(await inbox.fateOf("newer")).toEqual({
      state: "refused",
      reason:
        "The request has format 2, and the version of rlmflow that moves this run reads up to 1. Use the same version on both sides.",
    });
    await line({ v: 2, settled: { id: kept.id, outcome: "done" } });
    expect(await opened(file).take()).toEqual([]);
    await line({ v: 3, danced: true });
    for (let tries = 0; tries < 2; tries++)
      await expect(inbox.take()).rejects.toMatchObject({
        code: "unsupported_format",
        message: expect.stringContaining(`A line of ${file} has format 3`),
      });
  });

  test("does not wake who waits for a fate with entries that nobody has taken", async () => {
    const sender = opened(await newFile());
    const { id } = await sender.put(say("?"));
    expect(await sender.fateOf(id)).toBeNull();
    const stop = new AbortController();
    let woken = false;
    const waiting = sender.changed(stop.signal).then(() => {
      woken = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 250));
    expect(woken).toBe(false);
    stop.abort();
    await waiting;
  });

  test("keeps nobody busy when its file is gone", async () => {
    const file = await newFile();
    const inbox = opened(file);
    await inbox.put(say("?"));
    await inbox.take();
    await rm(file);
    await inbox.take();
    const stop = new AbortController();
    let woken = false;
    const waiting = inbox.changed(stop.signal).then(() => {
      woken = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 250));
    expect(woken).toBe(false);
    stop.abort();
    await waiting;
  });

  test("keeps the first of several fates", async () => {
    const inbox = opened(await newFile());
    const { id } = await inbox.put(say("?"));
    await inbox.settle(id, { state: "applied", nodes: ["root#1"] });
    await inbox.settle(id, { state: "refused", reason: "again" });
    expect(await inbox.fateOf(id)).toEqual({ state: "applied", nodes: ["root#1"] });
  });

  test.each([1, 10, 60, -2, -1])("passes over a line of which only %d bytes were written", async (bytes) => {
    const file = await newFile();
    const whole = await opened(file).put(say("whole"));
    const begun = await readFile(file);
    await appendFile(file, begun.subarray(0, bytes < 0 ? begun.length + bytes : bytes));
    const reader = opened(file);
    const before = await reader.take();
    expect(before[0]).toEqual(whole);
    const next = await opened(file).put(say("behind it"));
    expect((await reader.take()).map(({ request }) => request)).toContainEqual(next.request);
    expect(next.number).toBeGreaterThan(whole.number);
    expect((await opened(file).take()).map(({ id }) => id)).toEqual([whole.id, next.id]);
  });

  test("passes over lines that were changed, and keeps the numbers of the others", async () => {
    const file = await newFile();
    const inbox = opened(file);
    const entries = [await inbox.put(say("a")), await inbox.put(say("b")), await inbox.put(say("c"))];
    await writeFile(file, (await readFile(file, "utf8")).replace('"text":"b"', '"text":"x"'));
    expect(await opened(file).take()).toEqual([entries[0], entries[2]]);
  });

  test("refuses an entry that asks for something unknown, and says so", async () => {
    const file = await newFile();
    const { encodePut } = await import("../../src/inbox/inbox-line.ts");
    await writeFile(file, encodePut({ id: "x", at: 1, request: { kind: "dance", agentId: "root" } }));
    const inbox = opened(file);
    expect(await inbox.take()).toEqual([]);
    expect(await inbox.fateOf("x")).toMatchObject({
      state: "refused",
      reason: expect.stringContaining("should be one of say, code, result, cancel, final, config"),
    });
  });

  test("holds every entry of many processes that put at once, each whole", async () => {
    const directory = await temporaryDirectory();
    const workspace = await openedWorkspace(directory);
    const store = await workspace.createRun(run("run"));
    const writers = ["a", "b", "c"].map((name) => startScript("put-many.ts", [directory, "run", name, "40"]));
    for (const writer of writers) expect(await nextLine(writer)).toBe("put 40");
    const texts = (await store.inbox.take()).map(({ request }) => ("text" in request ? request.text : ""));
    expect(texts).toHaveLength(120);
    for (const name of ["a", "b", "c"]) {
      const own = texts.filter((text) => text.startsWith(name)).map((text) => Number(text.split(" ")[1]));
      expect(own).toEqual(Array.from({ length: 40 }, (_, index) => index));
    }
  });

  test("says that the disk is full, and takes entries when there is room", async ({ skip }) => {
    const disk = await smallDisk("size=256k");
    if ("reason" in disk) return skip(disk.reason);
    const inbox = opened(join(disk.path, "inbox.jsonl"));
    const kept = await inbox.put(say("kept"));
    await writeFile(join(disk.path, "ballast"), Buffer.alloc(200_000));
    await expect(inbox.put(say("x".repeat(200_000)))).rejects.toThrow(/inbox\.jsonl: .*make room/);
    await rm(join(disk.path, "ballast"));
    const later = await inbox.put(say("later"));
    expect(await inbox.take()).toEqual([kept, later]);
  });
});

describe("the inbox of a workspace", () => {
  test("says which run it is of and whether somebody takes what is put", async () => {
    const workspace = await openedWorkspace(await temporaryDirectory());
    const store = await workspace.createRun(run("run"));
    const inbox = await workspace.inbox("run");
    expect(inbox.run.runId).toBe("run");
    expect(await inbox.isTaken()).toBe(true);
    const { id } = await inbox.put(say("hello"));
    const [taken] = await store.inbox.take();
    expect(taken?.id).toBe(id);
    await store.inbox.settle(id, { state: "refused", reason: "no" });
    await store.close();
    expect(await inbox.fateOf(id)).toEqual({ state: "refused", reason: "no" });
    expect(await inbox.isTaken()).toBe(false);
    await expect(workspace.inbox("nothing")).rejects.toThrow("There is no run nothing");
  });

  test("says whether it is paused: what was done last counts, in the process that has the branch now", async () => {
    const workspace = await openedWorkspace(await temporaryDirectory());
    const inbox = await workspace.createRun(run("run")).then(async (store) => {
      await store.close();
      return await workspace.inbox("run");
    });
    const states: boolean[] = [];
    const told = async () => states.push(await inbox.isPaused());
    let store = await workspace.openRun("run");
    const done = async (kind: "pause" | "unpause", fate: InboxFate = { state: "applied", nodes: [] }) => {
      const { id } = await inbox.put({ kind });
      await told();
      await store.inbox.settle(id, fate);
      await told();
    };
    await done("pause");
    await done("unpause");
    await done("pause", { state: "refused", reason: "no" });
    await done("pause");
    expect(states).toEqual([false, true, true, false, false, false, false, true]);
    expect((await workspace.runs())[0]?.branches[0]?.state).toBe("paused");
    await store.close();
    expect(await inbox.isPaused()).toBe(false);
    await new Promise((resolve) => setTimeout(resolve, 50));
    store = await workspace.openRun("run");
    expect(await inbox.isPaused()).toBe(false);
    expect((await workspace.runs())[0]?.branches[0]?.state).toBe("running");
    await store.close();
  });
});
