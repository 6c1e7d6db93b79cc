import { spawn } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startChatServer } from "./chat-server.ts";

const main = join(import.meta.dirname, "../src/main.ts");

const ISC = `Permission to use, copy, modify, and/or distribute this software for any purpose with or
without fee is hereby granted, provided that the above copyright notice appears in all copies.`;

let temporary: string;

beforeEach(async () => {
  temporary = await mkdtemp(join(tmpdir(), "license-audit-test-"));
});

afterEach(() => rm(temporary, { recursive: true, force: true }));

/** Runs the example as a user does: in a process of its own, against the built packages. */
async function start(...options: readonly string[]) {
  const env = { ...process.env, TMPDIR: temporary, TEMP: temporary, OPENAI_API_KEY: "" };
  const child = spawn(process.execPath, [main, ...options], { env, timeout: 280_000, stdio: "pipe" });
  const exited = Promise.withResolvers<number | null>();
  child.once("exit", exited.resolve);
  const [code, stdout, stderr] = await Promise.all([exited.promise, text(child.stdout), text(child.stderr)]);
  return { code, stdout, stderr };
}

/** Installs a package of version 1.0.0 into a store of the test's own; gives the store. */
async function install(name: string, manifest: object, licenseText?: string): Promise<string> {
  const store = join(temporary, "store");
  const folder = join(store, `${name}@1.0.0`, "node_modules", name);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "package.json"), JSON.stringify({ name, version: "1.0.0", ...manifest }));
  if (licenseText !== undefined) await writeFile(join(folder, "LICENSE"), licenseText);
  return store;
}

describe("the licence audit", () => {
  it("agrees with the plain count, with agents on three levels", async () => {
    const { code, stdout, stderr } = await start();
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toContain("No model is asked");
    expect(stdout).toContain("A plain count of the same files gives the same report.");
    expect(Number(stdout.match(/(\d+) agents, \d+ requests/)?.[1])).toBeGreaterThanOrEqual(12);
    expect(stdout).toMatch(/root\.batch-\d+ answered, \d+ agents? below it/);
    expect(stdout.split("\n").length).toBeLessThan(120);
  });

  it("ends with the answer, and names a command that shows the run", async () => {
    const { stdout } = await start("--store", await install("honest", { license: "ISC" }, ISC));
    const command = /Look at it: npm run --silent (rlmflow -- render \S+)/.exec(stdout)?.[1] ?? "";
    expect(stdout.indexOf("packages: 1")).toBeGreaterThan(stdout.indexOf(command));
    const [, ...args] = command.split(" -- ").join(" ").split(" ");
    const binary = join(import.meta.dirname, "../../../apps/cli/dist/rlmflow.js");
    const shown = spawn(process.execPath, [binary, ...args], { stdio: "pipe", timeout: 280_000 });
    expect(await text(shown.stdout)).toContain("Audit the licences");
  });

  it("fails and shows the difference when the answer was tampered with", async () => {
    const { code, stderr } = await start("--tamper");
    expect(code).toBe(1);
    expect(stderr).toMatch(/- packages: \d+\n\+ packages: \d+/);
  });

  it("reports what it finds in another store, whatever that is", async () => {
    await install("honest", { license: "ISC" }, ISC);
    await install("wrong", { license: "MIT" }, ISC);
    await install("empty", { licenses: [{ type: "MIT" }, { type: "ISC" }] }, "");
    const store = await install("bare", {});
    const { code, stdout } = await start("--store", store);
    expect(stdout.split("\n")).toEqual(
      expect.arrayContaining([
        "packages: 4",
        "declares MIT OR ISC: 1",
        "declares none: 1",
        "no licence text: bare@1.0.0",
        "text of another licence: wrong@1.0.0 declares MIT, ships ISC",
        "unrecognised licence text: empty@1.0.0",
      ]),
    );
    expect(code).toBe(0);
  });

  it("gives the same report where code runs in this process", async () => {
    const { code, stdout } = await start("--runtime", "local");
    expect(code).toBe(0);
    expect(stdout).toContain("A plain count of the same files gives the same report.");
  });

  it("is the same program on a model behind an API", async () => {
    const { baseURL, server } = await startChatServer();
    try {
      const { code, stdout } = await start("--model", "stand-in", "--base-url", baseURL);
      expect(code).toBe(0);
      expect(stdout).toContain("The model is stand-in.");
      expect(stdout).toContain("A plain count of the same files gives the same report.");
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  it("says which key a real model needs", async () => {
    const { code, stderr } = await start("--model", "gpt-5");
    expect(code).toBe(1);
    expect(stderr).toContain("OPENAI_API_KEY");
  });

  it.each([
    [
      ["--runtime", "remote"],
      '--runtime is one of isolated, local, subprocess, docker, modal, not "remote".',
    ],
    [["--base-url", "http://localhost"], "--base-url needs a --model."],
    [["--store", "/nowhere"], "Nothing is installed in /nowhere."],
    [["--fast"], "--fast"],
  ])("refuses %j", async (options, message) => {
    const { code, stderr } = await start(...options);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
    expect(stderr).toContain("Usage:");
  });
});
