import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { block, loopbackServer } from "./loopback-server.ts";

const HOOKS = join(import.meta.dirname, "../../../packages/workspace/test/source-hooks.ts");
const COMMAND = join(import.meta.dirname, "../src/rlmflow.ts");

let directory = "";
/** A test that fails must not leave a run behind. */
const started: ChildProcess[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "rlmflow cli "));
});

afterEach(async () => {
  for (const child of started.splice(0)) if (child.exitCode === null) child.kill("SIGKILL");
  await rm(directory, { recursive: true, force: true });
});

/** The command in a process of its own. */
function start(...args: string[]) {
  return startIn([], ...args);
}

/** The same, started by another command. */
function startIn(starter: readonly string[], ...args: readonly string[]) {
  const [command = "", ...rest] = [...starter, process.execPath, "--import", HOOKS, COMMAND, ...args];
  const child = spawn(command, rest, { stdio: ["ignore", "pipe", "pipe"] });
  started.push(child);
  const exit = once(child, "close");
  const ended = Promise.all([text(child.stdout), text(child.stderr), exit]).then(
    ([stdout, stderr, [code, signal]]) => ({ exitCode: code ?? signal, stdout, stderr }),
  );
  return { kill: () => child.kill("SIGKILL"), signal: (name: NodeJS.Signals) => child.kill(name), ended };
}

const OTHER_NAMESPACE = ["unshare", "--pid", "--fork", "--mount-proc"];
const cannotUnshare = spawnSync("unshare", [...OTHER_NAMESPACE.slice(1), "true"]).status !== 0;

async function heldServer() {
  const asked = Promise.withResolvers<void>();
  const held = Promise.withResolvers<void>();
  const server = await loopbackServer(async ({ turn }) => {
    if (turn === 1) {
      asked.resolve();
      await held.promise;
    }
    return block(["let x = 40", "x += 2", "done(x)"][turn] ?? "done('too far')");
  });
  const where = ["--model", "m", "--base-url", server.url, "--dir", directory, "--runtime", "local"];
  return { server, asked: asked.promise, letGo: () => held.resolve(), run: ["run", "Go.", ...where] };
}

describe("a run in one process and commands in others", () => {
  it("say and pause reach it, and nothing that was paid for is lost", async () => {
    const { server, asked, letGo, run } = await heldServer();
    await using _ = server;
    const running = start(...run);
    await asked;
    const said = start("say", directory, "--agent", "root", "--wait", "200s", "Mind the gap.");
    expect((await start("pause", directory).ended).exitCode).toBe(0);
    letGo();
    const landedAt = performance.now();
    expect(await said.ended).toMatchObject({ exitCode: 0, stdout: "say root: done, as root#4\n" });
    // Nothing that waited for the mark keeps the process for the rest of the 200 seconds.
    expect(performance.now() - landedAt).toBeLessThan(100_000);
    expect((await start("unpause", directory).ended).exitCode).toBe(0);
    expect(await running.ended).toMatchObject({ exitCode: 0, stdout: "42\n" });
    expect(server.asked.map(({ turn }) => turn)).toEqual([0, 1, 2]);
  });

  it("a terminal that has gone lets what is in flight land", async () => {
    const { server, asked, letGo, run } = await heldServer();
    await using _ = server;
    const running = start(...run);
    await asked;
    running.signal("SIGHUP");
    letGo();
    const { exitCode, stderr } = await running.ended;
    expect(exitCode).toBe(130);
    expect(stderr).toContain("Go on: rlmflow resume");
    expect(await start("resume", directory).ended).toMatchObject({ exitCode: 0, stdout: "42\n" });
    expect(server.asked.map(({ turn }) => turn)).toEqual([0, 1, 2]);
  });

  it("resume goes on after kill -9, and asks only for what was in flight", async () => {
    const { server, asked, letGo, run } = await heldServer();
    await using _ = server;
    const running = start(...run);
    await asked;
    running.kill();
    expect((await running.ended).exitCode).toBe("SIGKILL");
    const waiting = await start("say", directory, "--agent", "root", "for whoever goes on").ended;
    expect(waiting).toMatchObject({
      exitCode: 4,
      stderr: expect.stringContaining("when the run is resumed"),
    });
    letGo();
    const { exitCode, stdout, stderr } = await start("resume", directory).ended;
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: "42\n" });
    expect(stderr).toContain("3 nodes kept, 1 reply is not asked for again");
    expect(server.asked.map(({ turn }) => turn)).toEqual([0, 1, 1, 2]);
  });

  it.skipIf(cannotUnshare)(
    "a process that was stopped writes nothing when it wakes and its run was taken by force",
    async () => {
      const { server, asked, letGo, run } = await heldServer();
      await using _ = server;
      const stopped = start(...run);
      await asked;
      stopped.signal("SIGSTOP");
      const taking = ["resume", directory, "--force"];
      const refused = await startIn(OTHER_NAMESPACE, ...taking).ended;
      expect(refused).toMatchObject({ exitCode: 1, stderr: expect.stringMatching(/is writing it/) });
      // As on a volume that takes no sockets: nobody can tell any more.
      const branches = join(directory, ".rlmflow/runs");
      const files = await readdir(branches, { recursive: true });
      const place = (name: string) =>
        join(branches, files.find((file) => file.split("/").at(-1)?.startsWith(name)) ?? "");
      await rm(place("socket."));
      const unsure = await startIn(OTHER_NAMESPACE, "resume", directory).ended;
      expect(unsure).toMatchObject({
        exitCode: 1,
        stderr: expect.stringMatching(/whether it still runs can't be checked from here/),
      });
      letGo();
      expect(await startIn(OTHER_NAMESPACE, ...taking).ended).toMatchObject({ exitCode: 0, stdout: "42\n" });
      const before = await readFile(place("log.jsonl"));
      const paid = server.asked.length;
      stopped.signal("SIGCONT");
      const { exitCode, stdout, stderr } = await stopped.ended;
      expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "" });
      expect(stderr).toMatch(
        /another process took over the branch and has given it back.*Nothing more was written/,
      );
      expect(await readFile(place("log.jsonl"))).toEqual(before);
      expect(server.asked.length).toBe(paid);
      expect(await start("doctor", directory).ended).toMatchObject({ exitCode: 0 });
    },
  );
});
