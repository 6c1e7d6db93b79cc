import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { findLaunch } from "../src/launch.ts";

const { resolve } = createRequire(import.meta.url);

describe("findLaunch", () => {
  test("a missing isolated-vm is one error that says what to install", () => {
    const missing = (name: string) => resolve(name === "isolated-vm" ? "no-such-module" : name);
    expect(() => findLaunch(missing)).toThrow(
      expect.objectContaining({ code: "runtime_failed", message: expect.stringContaining("isolated-vm 7") }),
    );
  });

  test("an isolated-vm without a binary for this Node is an error that names both", () => {
    const bare = (name: string) =>
      name === "isolated-vm" ? resolve("isolated-vm/package.json") : resolve(name);
    expect(findLaunch(bare).args.at(-1)).toMatch(/isolated-vm.*\.node$/);
    const elsewhere = (name: string) =>
      name === "isolated-vm" ? join(import.meta.dirname, "launch.test.ts") : resolve(name);
    expect(() => findLaunch(elsewhere)).toThrow(
      expect.objectContaining({
        code: "runtime_failed",
        message: expect.stringContaining(process.versions.node),
      }),
    );
  });

  test("what runs in a sandbox process may touch no file, process, thread or inspector", () => {
    const { args } = findLaunch();
    const flags = args.filter((flag) => flag.startsWith("--"));
    const probe = `
      const attempts = {
        read: () => require("node:fs").readFileSync("/etc/hostname"),
        list: () => require("node:fs").readdirSync("/"),
        write: () => require("node:fs").writeFileSync("/tmp/rlmflow-escaped", "x"),
        spawn: () => require("node:child_process").spawnSync("ls").error && (() => { throw require("node:child_process").spawnSync("ls").error; })(),
        thread: () => new (require("node:worker_threads").Worker)("1", { eval: true }),
        inspect: () => require("node:inspector").open(0),
        wasi: () => new (require("node:wasi").WASI)({ version: "preview1", preopens: { "/": "/" } }),
      };
      const done = Object.entries(attempts).map(([name, attempt]) => {
        try { attempt(); return name + " done"; } catch (error) { return name + " " + error.code; }
      });
      console.log(JSON.stringify({ done, environment: Object.keys(process.env) }));`;
    const said = execFileSync(process.execPath, [...flags, "-e", probe], {
      env: {},
      stdio: ["ignore", "pipe", "ignore"],
    });
    const { done, environment } = JSON.parse(String(said));
    expect(done.map((line: string) => line.replace(/ .*/, ""))).toHaveLength(7);
    for (const line of done) expect(line).toMatch(/ ERR_ACCESS_DENIED$/);
    expect(environment).toEqual([]);
  });
});
