import { describe, expect, test } from "vitest";
import { resolveOptions } from "../../src/options.ts";
import { SandboxProcess } from "../../src/pool/sandbox-process.ts";

/** A process whose host is this code, with `frame(kind, session, text)` to write one. */
function processRunning(code: string): SandboxProcess {
  const host = `
    const { Socket } = require("node:net");
    const pipe = new Socket({ fd: 3, readable: true, writable: true });
    pipe.on("error", () => {}); pipe.on("close", () => process.exit());
    const frame = (kind, session, text) => {
      const header = Buffer.alloc(9);
      header.writeUInt32BE(Buffer.byteLength(text)); header.writeUInt32BE(session, 4); header.writeUInt8(kind, 8);
      pipe.write(Buffer.concat([header, Buffer.from(text)]));
    };
    pipe.once("data", () => frame(17, 0, ""));
    ${code}`;
  return new SandboxProcess({
    launch: { args: ["-e", host], evaluator: "" },
    limits: resolveOptions({}).limits,
    onEnd: () => {},
  });
}

const OPENED = `pipe.once("data", () => pipe.once("data", () => { frame(18, 1, ""); pipe.once("data", () => misbehave()); }));`;

describe("a sandbox process that breaks the protocol", () => {
  test.each([
    ["garbage", `pipe.write("Error: this is no frame at all\\n")`, "bytes"],
    [
      "a length beyond the cap",
      `pipe.write(Buffer.from([255, 255, 255, 255, 0, 0, 0, 1, 19]))`,
      "4294967295 bytes",
    ],
    ["a kind that does not exist", `frame(99, 1, "")`, "kind 99"],
    ["a request in place of a reply", `frame(3, 1, "")`, "kind 3"],
    ["a reply of a session that does not exist", `frame(19, 7, "{}")`, '"activation" of no session'],
    ["an opening that nobody asked for", `frame(18, 1, "")`, '"opened" that answers something else'],
    [
      "a fetch of what the session was not given",
      `frame(21, 1, '{"key":"other","index":0}')`,
      "a fetch of no context",
    ],
    ["a fetch that is no JSON", `frame(21, 1, "{")`, "a fetch of no context"],
    [
      "a limit that does not exist",
      `frame(20, 1, '{"reason":"mood","message":""}')`,
      "a limit that does not exist",
    ],
    ["a disposal that nobody asked for", `frame(22, 1, "")`, '"disposed" that answers something else'],
    [
      "two activations for one entry",
      `frame(19, 1, "first"); frame(19, 1, "second")`,
      '"activation" that answers nothing',
    ],
    [
      "output when no entry is under way",
      `frame(19, 1, "first"); frame(23, 1, "more")`,
      '"output" that answers nothing',
    ],
  ])("by %s is killed and its block is lost", async (_, misbehaviour, message) => {
    const sandbox = processRunning(`const misbehave = () => { ${misbehaviour} }; ${OPENED}`);
    await sandbox.ready;
    const seat = sandbox.addSeat(() => {});
    expect(await seat.open("{}", [])).toMatchObject({ kind: "answered" });
    const end = await seat.enter("start", "{}");
    await sandbox.holdWhile(sandbox.exited);
    const next = await seat.enter("start", "{}");
    if (end.kind === "answered") expect(next).toMatchObject({ kind: "lost", blame: "none" });
    else expect(end.blame).toBe("block");
    expect(next).toMatchObject({ message: expect.stringContaining(message) });
    await seat.dispose();
  });

  test("is killed when it floods the engine with replies", async () => {
    const flood = `const misbehave = () => { setInterval(() => { for (let i = 0; i < 1e4; i++) frame(19, 1, "x"); }, 1); }`;
    const sandbox = processRunning(`${flood}; ${OPENED}`);
    await sandbox.ready;
    const seat = sandbox.addSeat(() => {});
    await seat.open("{}", []);
    await seat.enter("start", "{}");
    await sandbox.holdWhile(sandbox.exited);
    expect(await seat.enter("start", "{}")).toMatchObject({ kind: "lost" });
  });
});

describe("a sandbox process that dies of memory", () => {
  const TWO_OPEN = `let frames = 0, held = Buffer.alloc(0);
    pipe.on("data", (bytes) => {
      held = Buffer.concat([held, bytes]);
      while (held.length >= 9 && held.length >= 9 + held.readUInt32BE(0)) {
        held = held.subarray(9 + held.readUInt32BE(0));
        frames += 1;
        if (frames === 2) frame(18, 1, "");
        if (frames === 3) frame(18, 2, "");
        if (frames === last) die();
      }
    });`;

  async function endsOf(dying: string, running: 1 | 2) {
    const sandbox = processRunning(
      `const last = ${3 + running}; const die = () => { ${dying} }; ${TWO_OPEN}`,
    );
    await sandbox.ready;
    const seats = [sandbox.addSeat(() => {}), sandbox.addSeat(() => {})];
    for (const seat of seats) await seat.open("{}", []);
    const [first] = await Promise.all(seats.slice(0, running).map((seat) => seat.enter("start", "{}")));
    await sandbox.holdWhile(sandbox.exited);
    return [first, await seats[1]?.enter("start", "{}")];
  }

  const says = (text: string) => `require("fs").writeSync(2, ${JSON.stringify(text)});`;
  const kill = (signal: string) => `process.kill(process.pid, "${signal}");`;

  test.each([
    ["FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory", kill("SIGABRT")],
    ["FATAL ERROR: invalid array length Allocation failed - JavaScript heap out of memory", kill("SIGTRAP")],
    ["# Fatal JavaScript invalid size error 268435456 (see crbug.com/1201626)", kill("SIGTRAP")],
    ["# Fatal process out of memory: Zone", kill("SIGILL")],
    ["Catastrophic out-of-memory error", "process.exit(134);"],
    ["Script failed to terminate", kill("SIGABRT")],
    ["terminate called after throwing an instance of 'std::bad_alloc'", kill("SIGABRT")],
    [`${"trace\n".repeat(5000)}FATAL ERROR: Ineffective mark-compacts near heap limit`, kill("SIGABRT")],
  ])("saying %.70s names the limit and blames no neighbour", async (words, death) => {
    const [culprit, neighbour] = await endsOf(says(words) + death, 1);
    const limit = { name: "memoryMB", value: 128, unit: "MB" };
    expect(culprit).toMatchObject({ kind: "lost", blame: "block", limit });
    expect(neighbour).toMatchObject({ kind: "lost", blame: "none" });
  });

  test("while two blocks run blames neither", async () => {
    const ends = await endsOf(says("JavaScript heap out of memory") + kill("SIGABRT"), 2);
    for (const end of ends) expect(end).toMatchObject({ kind: "lost", blame: "none" });
  });

  test("while a block that was given up may still run blames no neighbour", async () => {
    const dying = says("JavaScript heap out of memory") + kill("SIGABRT");
    const sandbox = processRunning(`const last = 6; const die = () => { ${dying} }; ${TWO_OPEN}`);
    await sandbox.ready;
    const [first, second] = [sandbox.addSeat(() => {}), sandbox.addSeat(() => {})];
    await first.open("{}", []);
    await second.open("{}", []);
    const abandoned = first.enter("start", "{}");
    const disposed = first.dispose();
    expect(await second.enter("start", "{}")).toMatchObject({ kind: "lost", blame: "none" });
    expect(await abandoned).toMatchObject({ kind: "lost", blame: "none" });
    await disposed;
  });

  test("saying nothing of memory is a crash, whatever the signal", async () => {
    const [culprit] = await endsOf(says("Check failed: value.IsSmi()") + kill("SIGTRAP"), 1);
    expect(culprit).toMatchObject({ blame: "block", message: "The block crashed its sandbox (SIGTRAP)." });
  });
});

describe("a sandbox process that does not start", () => {
  test("is an error that carries what it said", async () => {
    const sandbox = processRunning(`console.error("no such addon"); process.exit(3);`);
    const started = sandbox.holdWhile(sandbox.ready);
    await expect(started).rejects.toMatchObject({ code: "runtime_failed" });
    await expect(started).rejects.toThrow(/exit code 3.*isolated-vm 7.*no such addon/s);
  });
});
