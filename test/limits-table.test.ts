import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { resolveConfig } from "../packages/core/src/rules/limits.ts";
import { DEFAULT_LIMITS, PIECE } from "../packages/repl/src/wire/evaluator-spec.ts";
import { resolveOptions } from "../packages/runtime-isolated/src/options.ts";
import { repositoryRoot } from "./source-files.ts";

/** Rows of every table of a document whose first cell is a name in backticks: its second cell by that name. */
function defaultsIn(path: string): ReadonlyMap<string, string> {
  const text = readFileSync(join(repositoryRoot, path), "utf8");
  const rows = text.matchAll(/^\| `([\w.]+)` *\| *([^|]*?) *\|/gm);
  return new Map(Array.from(rows, ([, name = "", value = ""]) => [name, value]));
}

function shown(value: number | boolean | null): string {
  if (typeof value === "boolean") return `\`${value}\``;
  return value === null ? "none" : value.toLocaleString("en-US");
}

function shownAll(values: object): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, shown(value)]));
}

describe("the tables of limits", () => {
  const { limits, maxProcesses: _, ...widths } = resolveOptions({});

  it("hold every default of a run and of the isolated runtime, and nothing else", () => {
    expect(Object.fromEntries(defaultsIn("docs/limits.md"))).toEqual({
      ...shownAll(resolveConfig()),
      ...shownAll(limits),
      ...shownAll(widths),
    });
  });

  it("hold the bounds of what code hands over", () => {
    const text = readFileSync(join(repositoryRoot, "docs/limits.md"), "utf8");
    const section = text.slice(text.indexOf("## Of what code hands over"));
    const bounds = Array.from(section.matchAll(/^\| [^|]+\| ([\d,]+) +\|[^|]+\|$/gm), ([, bound]) => bound);
    const { outputKept, outstandingCalls, callsPerBlock, activationSize, ...ofCalls } = DEFAULT_LIMITS;
    const { argumentSize, argumentNodes, argumentDepth, errorText } = ofCalls;
    const wanted = [outputKept, outstandingCalls, callsPerBlock, activationSize, argumentSize, argumentNodes];
    wanted.push(argumentDepth, errorText, PIECE);
    expect(bounds).toEqual(wanted.map(shown));
  });

  it("agree with the README of the isolated runtime", () => {
    const documented = defaultsIn("packages/runtime-isolated/README.md");
    const prefixed = Object.entries(limits).map(([name, value]) => [`limits.${name}`, value]);
    expect(Object.fromEntries(documented)).toEqual({
      ...shownAll(Object.fromEntries(prefixed)),
      ...shownAll(widths),
      maxProcesses: "what memory allows",
    });
  });
});
