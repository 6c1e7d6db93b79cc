import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { RLMError } from "@rlmflow/core";
import { describe, expect, test } from "vitest";
import { LogReader } from "../../src/log/log-reader.ts";
import { chainedLines } from "../chained-lines.ts";
import { observation, run } from "../observation.ts";
import { openedWorkspace } from "../opened-workspace.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

const NODES = [
  observation("root", 0),
  observation("root", 1, '\u{1F600} ä \\ " \n'),
  observation("root.a", 0),
  observation("root", 2),
];

/** A line with a good checksum around any JSON fields. */
function foreignLine(fields: object): Buffer {
  const body = JSON.stringify(fields).slice(0, -1);
  return Buffer.from(`${body},"sum":"${crc32(body).toString(16).padStart(8, "0")}"}\n`);
}

const LINES = chainedLines(NODES);
const LOG = Buffer.concat(LINES);
const LAST = LINES.at(-1)?.length ?? 0;

async function logFile(bytes: Uint8Array): Promise<string> {
  const file = join(await temporaryDirectory(), "log.jsonl");
  await writeFile(file, bytes);
  return file;
}

async function refusal(bytes: Uint8Array): Promise<RLMError> {
  const error = await new LogReader(await logFile(bytes)).advance().then(
    (nodes) => expect.fail(`${nodes.length} nodes were read`),
    (reason: unknown) => reason,
  );
  return RLMError.is(error) ? error : expect.fail(String(error));
}

describe("a log", () => {
  test("has one line an append, in the format that is written down", () => {
    const [first, second] = chainedLines([observation("root", 0, "ä"), observation("root", 1)]).map(String);
    const body = first?.slice(0, first.indexOf(',"sum":"')) ?? "";
    expect(first).toMatch(
      /^\{"v":2,"agent":"root","n":0,"nodes":\[\{.*\}\],"prev":"00000000","sum":"[0-9a-f]{8}"\}\n$/,
    );
    const { sum } = JSON.parse(first ?? "");
    expect(sum).toBe(crc32(body).toString(16).padStart(8, "0"));
    expect(JSON.parse(second ?? "").prev).toBe(sum);
  });

  test("is read line by line as it grows", async () => {
    const file = await logFile(LOG.subarray(0, LOG.length - LAST - 5));
    const reader = new LogReader(file);
    expect(await reader.advance()).toEqual(NODES.slice(0, 2));
    expect(await reader.advance()).toEqual([]);
    await writeFile(file, LOG);
    expect(await reader.advance()).toEqual(NODES.slice(2));
    expect([reader.end, reader.tornBytes]).toEqual([LOG.length, 0]);
    expect([...reader.nextN]).toEqual([
      ["root", 3],
      ["root.a", 1],
    ]);
  });

  test("torn at any byte of its last line loses that line alone and says how much", async () => {
    const file = await logFile(LOG);
    for (let kept = 0; kept < LAST; kept++) {
      await writeFile(file, LOG.subarray(0, LOG.length - LAST + kept));
      const reader = new LogReader(file);
      expect(await reader.advance()).toEqual(NODES.slice(0, 3));
      expect([reader.end, reader.tornBytes]).toEqual([LOG.length - LAST, kept]);
    }
  });

  test("with any bit of it flipped is never read as something else", async () => {
    const file = await logFile(LOG);
    for (let bit = 0; bit < LOG.length * 8; bit += 3) {
      const flipped = Buffer.from(LOG);
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      await writeFile(file, flipped);
      const reader = new LogReader(file);
      const read = await reader.advance().catch((error: unknown) => error);
      // Only the newline at the very end can go and leave what a torn write leaves.
      if (bit >> 3 === LOG.length - 1) expect(read).toEqual(NODES.slice(0, 3));
      else expect(RLMError.is(read, "damaged_log"), `bit ${bit}`).toBe(true);
    }
  });

  test("whose last line lacks a disk sector is cut there, in the middle it is refused", async () => {
    const lines = chainedLines([...NODES, observation("root", 3, "y".repeat(3000)), observation("root", 4)]);
    const [long = Buffer.of(), following = Buffer.of()] = lines.slice(NODES.length);
    const holed = Buffer.concat([LOG, long]);
    const sector = Math.ceil((LOG.length + 100) / 512) * 512;
    holed.fill(0, sector, sector + 512);
    const reader = new LogReader(await logFile(holed));
    expect(await reader.advance()).toEqual(NODES);
    expect(reader.tornBytes).toBe(long.length);
    const error = await refusal(Buffer.concat([holed, following]));
    expect(error.message).toContain("line 5 is damaged: its checksum does not fit its text");
  });

  test("that ends in zeros is cut there", async () => {
    const reader = new LogReader(await logFile(Buffer.concat([LOG, Buffer.alloc(5000)])));
    expect(await reader.advance()).toEqual(NODES);
    expect(reader.tornBytes).toBe(5000);
  });

  test.each<[string, Uint8Array, string]>([
    [
      "a line taken out",
      Buffer.concat(LINES.toSpliced(1, 1)),
      "line 2 is damaged: it does not follow the line before it (node root#0)",
    ],
    [
      "the last line of an agent taken out",
      Buffer.concat(LINES.toSpliced(2, 1)),
      "line 3 is damaged: it does not follow the line before it (node root#1)",
    ],
    [
      "the first line taken out",
      Buffer.concat(LINES.slice(1)),
      "line 1 is damaged: a line before it is missing",
    ],
    [
      "two agents' lines swapped",
      Buffer.concat([0, 2, 1, 3].map((at) => LINES[at] ?? Buffer.of())),
      "line 2 is damaged: it does not follow the line before it (node root#0)",
    ],
    [
      "a line twice",
      Buffer.concat([...LINES, ...LINES.slice(-1)]),
      "line 5 is damaged: it does not follow the line before it (node root#2)",
    ],
    [
      "a line of an older format",
      Buffer.concat([LOG, foreignLine({ v: 1, agent: "root", n: 3, nodes: [observation("root", 3)] })]),
      "line 5 is damaged: it has format 1, in a log of format 2",
    ],
    ["an empty line", Buffer.concat([Buffer.from("\n"), LOG]), "line 1 is damaged: it is empty"],
    [
      "a byte order mark",
      Buffer.concat([Buffer.from("\ufeff"), LOG]),
      "line 1 is damaged: it begins with a byte order mark",
    ],
    [
      "other line endings",
      Buffer.from(LOG.toString().replaceAll("\n", "\r\n")),
      "line 1 is damaged: it ends with a carriage return",
    ],
    ["text of another kind", Buffer.from("hello\nworld\n"), "line 1 is damaged: it has no checksum"],
  ])("with %s is refused with file, line and reason", async (_, bytes, says) => {
    const error = await refusal(bytes);
    expect(error.code).toBe("damaged_log");
    expect(error.message).toContain(`log.jsonl ${says}`);
    expect(error.details).toMatchObject({
      file: expect.stringMatching(/log\.jsonl$/),
      line: expect.any(Number),
    });
  });

  test("of a newer format is refused and not called damaged", async () => {
    const error = await refusal(
      Buffer.concat([LOG, foreignLine({ v: 3, agent: "root", n: 3, nodes: [{}] })]),
    );
    expect(error.code).toBe("unsupported_format");
    expect(error.message).toMatch(/line 5: it has format 3.* Use the version of rlmflow that wrote it/);
  });

  test.each<[string, object, string]>([
    [
      "an unknown node type",
      { v: 1, agent: "root", n: 0, nodes: [{ ...NODES[0], type: "miracle" }] },
      "nodes[0].type should be one of query, action",
    ],
    [
      "a wrong field",
      { v: 1, agent: "root", n: 0, nodes: [{ ...NODES[0], content: 7 }] },
      "nodes[0].content should be text but is 7",
    ],
    [
      "another agent's node",
      { v: 1, agent: "root", n: 0, nodes: [NODES[2]] },
      "nodes[0] is n 0 of agent root.a, in a line for agent root",
    ],
    [
      "no nodes",
      { v: 1, agent: "root", n: 0, nodes: [] },
      "it lacks an agent, a number n or a list of nodes",
    ],
    [
      "a field too many",
      { v: 1, agent: "root", n: 0, nodes: [NODES[0]], extra: 1 },
      "it has an unknown field extra",
    ],
    ["an old format", { v: 0, agent: "root", n: 0, nodes: [NODES[0]] }, "its format is 0"],
  ])("with %s is refused", async (_, fields, says) => {
    const error = await refusal(foreignLine(fields));
    expect(error.code).toBe("damaged_log");
    expect(error.message).toContain(says);
  });

  test("that was cut while it was followed is refused", async () => {
    const file = await logFile(LOG);
    const reader = new LogReader(file);
    await reader.advance();
    await writeFile(file, LOG.subarray(0, LOG.length - LAST));
    await expect(reader.advance()).rejects.toThrow("the file was cut since it was read");
  });
});

describe("opening a branch", () => {
  test("cuts off a torn end, says so once, and goes on", async () => {
    const workspace = await openedWorkspace();
    const created = await workspace.createRun(run("run"));
    await created.append("root", 0, [observation("root", 0)]);
    await created.close();
    const { log } = workspace.branchPaths("run");
    await writeFile(log, Buffer.concat([await readFile(log), Buffer.from('{"v":1,"agent":"ro')]));
    const reader = await workspace.reader("run");
    expect([await reader.next(), reader.tornBytes]).toEqual([[observation("root", 0)], 18]);
    const store = await workspace.openRun("run");
    expect(store.repaired).toEqual({ droppedBytes: 18 });
    await store.append("root", 1, [observation("root", 1)]);
    await store.close();
    const again = await workspace.openRun("run");
    expect(again.repaired).toEqual({ droppedBytes: 0 });
    expect(await again.read()).toEqual([observation("root", 0), observation("root", 1)]);
  });

  test("refuses a damaged log, leaves it as it is and gives the lock back", async () => {
    const workspace = await openedWorkspace();
    await (await workspace.createRun(run("run"))).close();
    const { log } = workspace.branchPaths("run");
    await writeFile(log, "damage\n");
    for (let time = 0; time < 2; time++)
      await expect(workspace.openRun("run")).rejects.toThrow("line 1 is damaged");
    expect(await readFile(log, "utf8")).toBe("damage\n");
    await expect(workspace.load("run")).rejects.toThrow("line 1 is damaged");
  });
});
