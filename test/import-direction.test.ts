import { describe, expect, it } from "vitest";
import { importViolations } from "./import-rules.ts";
import { readSources, type SourceFile } from "./source-files.ts";

/** Files in memory: paths with their text. */
function files(texts: Readonly<Record<string, string>>): readonly SourceFile[] {
  return Object.entries(texts).map(([path, text]) => ({ path, text }));
}

describe("the imports of every package", () => {
  it("point one way", () => {
    const sources = readSources();
    expect(sources.length).toBeGreaterThan(0);
    expect(importViolations(sources)).toEqual([]);
  });
});

describe("the rules about imports", () => {
  const broken: readonly {
    readonly rule: string;
    readonly texts: Readonly<Record<string, string>>;
    readonly says: string;
  }[] = [
    {
      rule: "core imports nothing of ours",
      texts: { "packages/core/src/engine/a.ts": `import type { B } from "@rlmflow/repl";` },
      says: "packages/core/src/engine/a.ts: packages/core may not import @rlmflow/repl",
    },
    {
      rule: "a runtime imports no client",
      texts: { "packages/runtime-docker/src/a.ts": `export { b } from "@rlmflow/clients/openai";` },
      says: "packages/runtime-docker/src/a.ts: packages/runtime-docker may not import @rlmflow/clients/openai",
    },
    {
      rule: "an import() expression counts",
      texts: { "packages/tools/src/a.ts": `const b = () => import("@rlmflow/workspace");` },
      says: "packages/tools/src/a.ts: packages/tools may not import @rlmflow/workspace",
    },
    {
      rule: "an import() type counts",
      texts: { "packages/repl/src/a.ts": `export type B = import("@rlmflow/tools").B;` },
      says: "packages/repl/src/a.ts: packages/repl may not import @rlmflow/tools",
    },
    {
      rule: "a package outside the table is refused",
      texts: { "packages/novel/src/index.ts": "" },
      says: "packages/novel/src/index.ts: packages/novel is missing in the table of what may import what",
    },
    {
      rule: "the command imports no package that need not be installed",
      texts: { "apps/cli/src/run/a.ts": `const b = () => import("@rlmflow/runtime-local");` },
      says: "apps/cli/src/run/a.ts: apps/cli may not import @rlmflow/runtime-local",
    },
    {
      rule: "the command's table loads packages only when they are needed",
      texts: {
        "apps/cli/src/packages/optional-packages.ts": `export { a } from "@rlmflow/tools";`,
      },
      says: "apps/cli/src/packages/optional-packages.ts: apps/cli may not import @rlmflow/tools",
    },
    {
      rule: "a relative import stays inside its package",
      texts: { "packages/repl/src/a.ts": `import { b } from "../../core/src/b.ts";` },
      says: "packages/repl/src/a.ts: ../../core/src/b.ts leaves the package's src",
    },
    {
      rule: "a relative import names a .ts file",
      texts: { "packages/repl/src/a.ts": `import { b } from "./b.js";`, "packages/repl/src/b.ts": "" },
      says: "packages/repl/src/a.ts: ./b.js must end in .ts",
    },
    {
      rule: "a layer of core imports none above it",
      texts: {
        "packages/core/src/data/a.ts": `import type { B } from "../rules/b.ts";`,
        "packages/core/src/rules/b.ts": "",
      },
      says: "packages/core/src/data/a.ts: may not import packages/core/src/rules/b.ts, a layer above it",
    },
    {
      rule: "testing imports core alone",
      texts: { "packages/testing/src/a.ts": `import type { B } from "@rlmflow/repl";` },
      says: "packages/testing/src/a.ts: packages/testing may not import @rlmflow/repl",
    },
    {
      rule: "no package's source imports testing",
      texts: { "packages/runtime-local/src/a.ts": `import { ensure } from "@rlmflow/testing";` },
      says: "packages/runtime-local/src/a.ts: packages/runtime-local may not import @rlmflow/testing",
    },
    {
      rule: "the errors of core import no layer",
      texts: {
        "packages/core/src/errors.ts": `import type { A } from "./data/a.ts";`,
        "packages/core/src/data/a.ts": "",
      },
      says: "packages/core/src/errors.ts: may not import packages/core/src/data/a.ts, a layer above it",
    },
    {
      rule: "every file of core belongs to a layer",
      texts: { "packages/core/src/prompt.ts": "" },
      says: "packages/core/src/prompt.ts: belongs to no layer of core",
    },
    {
      rule: "files import each other in no circle, type imports included",
      texts: {
        "packages/repl/src/a.ts": `import type { B } from "./b.ts";`,
        "packages/repl/src/b.ts": `import type { C } from "./c.ts";`,
        "packages/repl/src/c.ts": `import { a } from "./a.ts";`,
      },
      says: "import cycle: packages/repl/src/a.ts -> packages/repl/src/b.ts -> packages/repl/src/c.ts -> packages/repl/src/a.ts",
    },
    {
      rule: "folders import each other in no circle, even where their files do not",
      texts: {
        "packages/repl/src/a/one.ts": `import { two } from "../b/two.ts";`,
        "packages/repl/src/a/three.ts": "",
        "packages/repl/src/b/two.ts": "",
        "packages/repl/src/b/four.ts": `import type { Three } from "../a/three.ts";`,
      },
      says: "import cycle: packages/repl/src/a -> packages/repl/src/b -> packages/repl/src/a",
    },
    {
      rule: "a nested folder and its parent import each other in no circle",
      texts: {
        "packages/repl/src/a/one.ts": `import { two } from "./b/two.ts";`,
        "packages/repl/src/a/three.ts": "",
        "packages/repl/src/a/b/two.ts": `import type { Three } from "../three.ts";`,
      },
      says: "import cycle: packages/repl/src/a -> packages/repl/src/a/b -> packages/repl/src/a",
    },
    {
      rule: "a folder of the engine imports none above it, even where that makes no circle",
      texts: {
        "packages/core/src/engine/agent/a.ts": `import type { B } from "../run/b.ts";`,
        "packages/core/src/engine/run/b.ts": "",
      },
      says: "packages/core/src/engine/agent/a.ts: may not import packages/core/src/engine/run/b.ts, which lies no lower in packages/core/src/engine/",
    },
    {
      rule: "folders of the engine on one floor do not import each other",
      texts: {
        "packages/core/src/engine/store/a.ts": `import type { B } from "../resources/b.ts";`,
        "packages/core/src/engine/resources/b.ts": "",
      },
      says: "packages/core/src/engine/store/a.ts: may not import packages/core/src/engine/resources/b.ts, which lies no lower in packages/core/src/engine/",
    },
    {
      rule: "a new folder of the engine has a floor",
      texts: { "packages/core/src/engine/novel/a.ts": "" },
      says: "packages/core/src/engine/novel/a.ts: its folder is on no floor of packages/core/src/engine/",
    },
    {
      rule: "a run's schedule does not import its edits",
      texts: {
        "packages/core/src/engine/run/schedule/a.ts": `import type { B } from "../edit/b.ts";`,
        "packages/core/src/engine/run/edit/b.ts": "",
      },
      says: "packages/core/src/engine/run/schedule/a.ts: may not import packages/core/src/engine/run/edit/b.ts, which lies no lower in packages/core/src/engine/run/",
    },
    {
      rule: "the realm of the evaluator imports nothing that is made of it",
      texts: {
        "packages/repl/src/evaluator/realm/a.ts": `import type { B } from "../block/b.ts";`,
        "packages/repl/src/evaluator/block/b.ts": "",
      },
      says: "packages/repl/src/evaluator/realm/a.ts: may not import packages/repl/src/evaluator/block/b.ts, which lies no lower in packages/repl/src/evaluator/",
    },
    {
      rule: "a folder of the workspace imports none above it, and no file at the top",
      texts: {
        "packages/workspace/src/disk/a.ts": `import type { B } from "../workspace.ts";`,
        "packages/workspace/src/workspace.ts": "",
      },
      says: "packages/workspace/src/disk/a.ts: may not import packages/workspace/src/workspace.ts, which lies no lower in packages/workspace/src/",
    },
    {
      rule: "nothing of the command below its commands imports one",
      texts: {
        "apps/cli/src/run/a.ts": `const b = () => import("../commands/b.ts");`,
        "apps/cli/src/commands/b.ts": "",
      },
      says: "apps/cli/src/run/a.ts: may not import apps/cli/src/commands/b.ts, which lies no lower in apps/cli/src/",
    },
    {
      rule: "no entry of core reaches a module of Node's",
      texts: {
        "packages/core/src/store.ts": `export { a } from "./engine/a.ts";`,
        "packages/core/src/engine/a.ts": `import type { Readable } from "node:stream";`,
      },
      says: "packages/core/src/engine/a.ts: reached from an entry of core and imports node:stream",
    },
  ];

  it.each(broken)("refuse a break: $rule", ({ texts, says }) => {
    expect(importViolations(files(texts))).toEqual([says]);
  });

  const impure = [
    ["async", "export async function a() {}"],
    ["await", "for await (const a of b) {}"],
    ["Promise", "export type A = Promise<string>;"],
    ["Date.now", "export const a = () => Date.now();"],
    ["new Date()", "export const a = () => new Date();"],
    ["Math.random", "export const a = Math.random;"],
    ["crypto", "export const a = () => globalThis.crypto.subtle;"],
    ["process", "export const a = process.env;"],
    ["setTimeout", "setTimeout(() => {}, 1);"],
  ];

  it.each(impure)("refuse %s in pure layers", (what, text) => {
    for (const layer of ["data", "rules"]) {
      const path = `packages/core/src/${layer}/a.ts`;
      expect(importViolations([{ path, text }])).toEqual([`${path}:1: pure code may not use ${what}`]);
    }
    expect(importViolations([{ path: "packages/core/src/engine/a.ts", text }])).toEqual([]);
  });

  it("refuse a module that hashes in pure layers", () => {
    const path = "packages/core/src/rules/a.ts";
    expect(importViolations([{ path, text: `import { hash } from "node:crypto";` }])).toEqual([
      `${path}: pure code may not import node:crypto`,
    ]);
  });

  it("allow what the design allows", () => {
    const kept = files({
      "packages/core/src/index.ts": `export { run } from "./engine/run/run.ts";`,
      "packages/core/src/engine/run/run.ts": `import { plan } from "../../rules/plan.ts";\nimport { fail } from "../../errors.ts";`,
      "packages/core/src/rules/plan.ts": `import type { Node } from "../data/node.ts";\nexport const at = new Date(0);`,
      "packages/core/src/data/node.ts": `export interface Node { process: string }`,
      "packages/testing/src/index.ts": `import { readFile } from "node:fs/promises";\nimport { agentState } from "@rlmflow/core/driver";`,
      "packages/core/src/errors.ts": "",
      "packages/runtime-local/src/index.ts": `import { a } from "@rlmflow/repl";\nimport type { B } from "@rlmflow/core";`,
      "apps/cli/src/rlmflow.ts": `import { openai } from "@rlmflow/clients/openai";`,
      "apps/cli/src/packages/optional-packages.ts": `const a = () => import("@rlmflow/runtime-local");`,
    });
    expect(importViolations(kept)).toEqual([]);
  });
});
