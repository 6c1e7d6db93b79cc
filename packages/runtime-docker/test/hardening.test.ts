import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { type DockerRuntimeOptions, dockerRuntime } from "../src/index.ts";
import { describeWithEngine, IMAGE } from "./engine.ts";
import { openLanguage } from "./languages.ts";
import { closing, ReplDriver } from "./repl-driver.ts";

const SECRET = "RLMFLOW_TEST_SECRET";
process.env[SECRET] = "of the host";
afterAll(() => void delete process.env[SECRET]);

/** What each of these blocks tells from the inside of one container. */
async function tellAll<Name extends string>(
  options: DockerRuntimeOptions,
  blocks: Readonly<Record<Name, string>>,
): Promise<Record<Name, unknown>> {
  await using runtime = closing(dockerRuntime({ image: IMAGE, language: openLanguage, ...options }));
  await using repl = await ReplDriver.open(runtime);
  const told: Partial<Record<string, unknown>> = {};
  for (const [name, code] of Object.entries<string>(blocks)) told[name] = parsed(await repl.output(code));
  return told as Record<Name, unknown>;
}

function parsed(text: string): unknown {
  return /^[[{"\d]|^(?:true|false|null)$/.test(text) ? JSON.parse(text) : text;
}

const STATUS = `const status = require("fs").readFileSync("/proc/self/status", "utf8");
  const field = (name) => new RegExp(name + ":\\\\s+(\\\\S+)").exec(status)?.[1];`;
const CONNECT = `return await new Promise((resolve) => {
  const socket = require("net").connect({ host: "192.0.2.1", port: 80, timeout: 3000 });
  socket.on("error", (error) => resolve(error.code)).on("connect", () => resolve("connected"));
  socket.on("timeout", () => resolve("timeout"));
});`;
const write = (path: string) =>
  `require("fs").writeFileSync(${JSON.stringify(path)}, "x"); return "written";`;
/** Every folder in which a file can be made, and every file that can be opened to write to it. */
const WALK = `const fs = require("fs");
  const open = [];
  const attempt = (path, flags) => { try { fs.closeSync(fs.openSync(path, flags)); return true; } catch { return false; } };
  const visit = (folder) => {
    if (attempt(folder + "/.walk", "wx")) open.push(folder);
    let entries = [];
    try { entries = fs.readdirSync(folder || "/", { withFileTypes: true }); } catch {}
    for (const entry of entries) {
      const path = folder + "/" + entry.name;
      if (/^\\/proc\\/\\d+$/.test(path)) continue;
      if (entry.isDirectory()) visit(path);
      else if (entry.isFile() && entry.name !== ".walk" && attempt(path, "r+")) open.push(path);
    }
  };
  visit("");
  return open;`;
const CGROUP = `const { readFileSync } = require("fs");
  const read = (...paths) => { for (const path of paths) try { return readFileSync("/sys/fs/cgroup/" + path, "utf8").trim(); } catch {} };`;

describeWithEngine("a container, seen from the inside", () => {
  test("has no rights, no network and no place to write to but /tmp", async () => {
    const options = { memoryMB: 256, cpus: 0.5, pids: 64, tmpMB: 4 };
    const told = await tellAll(options, {
      ids: "return [process.getuid(), process.getgid(), process.getgroups()];",
      capabilities: `${STATUS} return ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"].map(field);`,
      noNewPrivileges: `${STATUS} return field("NoNewPrivs");`,
      interfaces: `return Object.keys(require("os").networkInterfaces()).filter((name) => name !== "lo");`,
      connection: CONNECT,
      root: write("/written"),
      etc: write("/etc/passwd"),
      program: write("/rlmflow/other.mjs"),
      programFile: write("/rlmflow/open-server.mjs"),
      tmp: write("/tmp/written"),
      programInTmp: `const fs = require("fs"); fs.copyFileSync("/bin/sh", "/tmp/sh"); fs.chmodSync("/tmp/sh", 0o755);
        return require("child_process").spawnSync("/tmp/sh", ["-c", "exit 7"]).error?.code ?? "ran";`,
      fullTmp: `require("fs").writeFileSync("/tmp/large", Buffer.alloc(8_000_000)); return "written";`,
      environment: "return Object.keys(process.env).sort();",
      core: `return /core file size +(\\S+) +(\\S+)/.exec(require("fs").readFileSync("/proc/self/limits", "utf8")).slice(1);`,
      memory: `${CGROUP} return Number(read("memory.max", "memory/memory.limit_in_bytes"));`,
      cpu: `${CGROUP} const [quota, period] = (read("cpu.max") ?? read("cpu/cpu.cfs_quota_us") + " " + read("cpu/cpu.cfs_period_us")).split(" ");
        return quota / period;`,
      pids: `${CGROUP} return Number(read("pids.max", "pids/pids.max"));`,
      host: `return require("os").hostname();`,
      socket: `return require("fs").existsSync("/var/run/docker.sock");`,
      fork: `const { spawn } = require("child_process"); const errors = new Set(); const children = [];
        for (let k = 0; k < 100; k += 1) {
          try { const child = spawn("/bin/sh", ["-c", "read line"]); child.on("error", (error) => errors.add(error.code)); children.push(child); }
          catch (error) { errors.add(error.code); }
        }
        await new Promise((resolve) => setTimeout(resolve, 200));
        for (const child of children) child.kill("SIGKILL");
        return [...errors];`,
    });
    expect(told).toEqual({
      ids: [65534, 65534, [65534]],
      capabilities: Array.from({ length: 5 }, () => "0".repeat(16)),
      noNewPrivileges: "1",
      interfaces: [],
      connection: "ENETUNREACH",
      root: expect.stringContaining("EROFS"),
      etc: expect.stringMatching(/EROFS|EACCES/),
      program: expect.stringContaining("EROFS"),
      programFile: expect.stringContaining("EROFS"),
      tmp: "written",
      programInTmp: "EACCES",
      fullTmp: expect.stringContaining("ENOSPC"),
      environment: expect.not.arrayContaining([SECRET]),
      core: ["0", "0"],
      memory: 256 * 1024 * 1024,
      cpu: 0.5,
      pids: 64,
      host: "sandbox",
      socket: false,
      fork: ["EAGAIN"],
    });
  });

  test("has, wherever one looks, nothing else that can be written to", async () => {
    const { open } = await tellAll({}, { open: WALK });
    // What the kernel shows of itself is no place: what is written there is not kept.
    const places = (Array.isArray(open) ? open : [open]).filter((path) => !/^\/proc\//.test(path));
    expect(places).toEqual(["/tmp"]);
  });

  test("has the places of an open one where the root is open", async () => {
    const { open } = await tellAll({ readOnlyRoot: false }, { open: WALK });
    expect(open).toEqual(expect.arrayContaining(["/tmp", "/dev/shm"]));
  });

  test("is opened as far as the options say", async () => {
    const told = await tellAll(
      {
        user: "0:0",
        readOnlyRoot: false,
        capabilities: ["NET_RAW"],
        newPrivileges: true,
        environment: { GREETING: "hello = you" },
        init: false,
      },
      {
        user: "return process.getuid();",
        root: write("/written"),
        program: write("/rlmflow/other.mjs"),
        capability: `${STATUS} return [field("CapBnd"), field("NoNewPrivs")];`,
        greeting: "return process.env.GREETING;",
        pid: "return process.pid;",
      },
    );
    expect(told).toEqual({
      user: 0,
      root: "written",
      program: expect.stringContaining("EROFS"),
      capability: ["0000000000002000", "0"],
      greeting: "hello = you",
      pid: 1,
    });
  });

  test("sees the folders that are mounted, and writes to those that may be written to", {
    timeout: 300_000,
  }, async () => {
    const folder = mkdtempSync(join(tmpdir(), "rlmflow-mount-"));
    try {
      writeFileSync(join(folder, "given"), "by the host");
      const mounts = [
        { hostPath: folder, containerPath: "/data" },
        { hostPath: folder, containerPath: "/work", readOnly: false },
      ];
      const told = await tellAll(
        { mounts, user: "0:0" },
        {
          given: `return require("fs").readFileSync("/data/given", "utf8");`,
          readOnly: write("/data/written"),
          writable: write("/work/written"),
        },
      );
      expect(told).toEqual({
        given: "by the host",
        readOnly: expect.stringContaining("EROFS"),
        writable: "written",
      });
      expect(readFileSync(join(folder, "written"), "utf8")).toBe("x");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

test("what lies outside the container makes a replay best-effort", () => {
  const replayOf = (options: DockerRuntimeOptions) => dockerRuntime(options).replay;
  expect(replayOf({})).toBe("exact");
  expect(replayOf({ network: "bridge" })).toBe("best-effort");
  expect(replayOf({ mounts: [{ hostPath: "/srv/data", containerPath: "/data" }] })).toBe("best-effort");
});
