import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { runNode } from "../../../test/run-node.ts";
import { modalSettings } from "../src/modal-settings.ts";
import { startLoopback } from "./loopback-rig.ts";

const readme = readFileSync(join(import.meta.dirname, "../README.md"), "utf8");

test("the program in the README runs to its end and leaves nothing behind", async () => {
  const loopback = await startLoopback();
  const [, program = ""] = readme.match(/````ts\n(.*?)\n````\n/s) ?? [];
  const file = join(import.meta.dirname, `readme-${process.pid}.ts`);
  writeFileSync(file, program);
  onTestFinished(() => rmSync(file));
  const sources = join(import.meta.dirname, "../../../test/resolve-sources.ts");
  const ended = await runNode(["--import", sources, file], { cwd: import.meta.dirname });
  expect(ended).toEqual({ exitCode: 0, stdout: "3\n", stderr: "" });
  expect(loopback.sandboxes.size).toBe(1);
  expect(loopback.running).toEqual([]);
  expect([...loopback.apps.keys()]).toEqual(["my-agents"]);
});

test("the README names every option with its default", () => {
  const rows = [...readme.matchAll(/^\| (`.*?) +\| (.*?) +\|/gm)];
  const named = new Map(
    rows.flatMap(([, names = "", value = ""]) =>
      [...names.matchAll(/`(\w+)`/g)].map(([, name]) => [name ?? "", value]),
    ),
  );
  for (const name of Object.keys(modalSettings({}))) expect([...named.keys()]).toContain(name);
  const { memoryMiB, lifetimeMs, timeMs, app, share } = modalSettings({});
  for (const [name, value] of Object.entries({ memoryMiB, lifetimeMs, timeMs })) {
    expect(named.get(name)).toBe(value.toLocaleString("en-US"));
  }
  expect(named.get("app")).toContain(JSON.stringify(app));
  expect(named.get("share")).toContain(JSON.stringify(share));
});
