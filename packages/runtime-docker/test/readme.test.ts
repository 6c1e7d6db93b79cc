import { readFileSync } from "node:fs";
import { join } from "node:path";
import { RLMFlow } from "@rlmflow/core";
import { scriptedClient } from "@rlmflow/testing";
import { expect, test } from "vitest";
import { dockerRuntime } from "../src/index.ts";
import { resolveOptions } from "../src/resolve-options.ts";
import { describeWithEngine, IMAGE } from "./engine.ts";

const readme = readFileSync(join(import.meta.dirname, "../README.md"), "utf8");

/** Second cells of the table of options by the name in the first. */
function documentedDefaults(): Readonly<Record<string, string>> {
  const rows = readme.matchAll(/^\| `(\w+)` +\| (.*?) +\|/gm);
  return Object.fromEntries(Array.from(rows, ([, name = "", value = ""]) => [name, value]));
}

const shown = (value: number) => value.toLocaleString("en-US");

test("the table of options has every one of them, with its default", () => {
  const [own, shared] = [resolveOptions(), resolveOptions({ share: "run" })];
  const documented = documentedDefaults();
  const names = [...Object.keys(own), "docker", "ociRuntime"];
  expect(Object.keys(documented).toSorted()).toEqual(names.toSorted());
  expect(documented).toMatchObject({
    image: `\`${own.image}\``,
    share: `\`${own.share}\``,
    agentsPerContainer: shown(own.agentsPerContainer),
    warm: shown(own.warm),
    memoryMB: `${shown(own.memoryMB)}; ${shown(shared.memoryMB)} when shared`,
    cpus: shown(own.cpus),
    pids: `${shown(own.pids)}; ${shown(shared.pids)} when shared`,
    tmpMB: shown(own.tmpMB),
    timeMs: shown(own.timeMs),
    times: "`openMs` 30,000, `wallMs` `timeMs` + 20,000",
    network: `\`${own.network}\``,
    user: `\`${own.user}\``,
    readOnlyRoot: `\`${own.readOnlyRoot}\``,
    newPrivileges: `\`${own.newPrivileges}\``,
    init: `\`${own.init}\``,
  });
  expect(own.times).toEqual({ openMs: 30_000, wallMs: own.timeMs + 20_000 });
});

describeWithEngine("the program of the README", () => {
  test("prints what it says", async () => {
    const [, program = ""] = /````ts\n(.*?)\n````\n/s.exec(readme) ?? [];
    const body = program
      .replaceAll(/^import .*\n/gm, "")
      .replace("dockerRuntime({", `dockerRuntime({ image: ${JSON.stringify(IMAGE)},`)
      .replace("await using flow", "const flow");
    const names = { RLMFlow, scriptedClient, dockerRuntime };
    const printed: unknown[] = [];
    const console = { log: (value: unknown) => printed.push(value) };
    const AsyncFunction = (async () => {}).constructor as FunctionConstructor;
    const run = new AsyncFunction("console", ...Object.keys(names), `${body}\nawait flow.close();`);
    await run(console, ...Object.values(names));
    expect(printed).toEqual([1]);
    expect(body).toContain("console.log(answer); // 1");
  });
});
