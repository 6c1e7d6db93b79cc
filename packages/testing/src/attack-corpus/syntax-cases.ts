import type { AttackCase } from "./attack-case.ts";

/** Code that tries to get out of, or behind, what a rewriter of source makes of it. */
export const syntaxCases: readonly AttackCase[] = [
  {
    name: "HTML comments and hashbangs as code",
    source: "SES: HTML comments",
    expect: "ends",
    blocks: [`<!-- print("hidden")\n--> print("hidden too")\nprint("seen");`],
  },
  {
    name: "code that closes the function it may be wrapped in",
    source: "vm2, CVE-2023-29199: source transformers",
    expect: "ends",
    blocks: [
      `}); print("FOUND outside"); (async () => {`,
      `})(); globalThis.broke = typeof $; (() => {`,
      `*/ print("x"); /*`,
      "`); print(`",
      `print(typeof arguments); return 5;`,
    ],
  },
  {
    name: "names a rewriter may use for itself",
    source: "vm2: internal state name of the transformer",
    expect: "ends",
    blocks: [
      `for (const name of ["$", "$$", "_", "__", "$0", "$1", "$2", "$rlmflow", "__rlmflow", "repl", "readContext", "createRepl", "evaluator", "INTERNAL_STATE", "VM2_INTERNAL_STATE_DO_NOT_USE_OR_PROGRAM_WILL_FAIL"]) {
         let value; try { value = (0, eval)(name); } catch { try { value = eval(name); } catch {} }
         await probe(name, () => value);
       }`,
    ],
  },
  {
    name: "declarations of the names a rewriter may use",
    source: "vm2: internal state name of the transformer",
    expect: "contained",
    blocks: [
      `const $ = 1, eval2 = eval; let undefined2; var arguments2 = 1; class Promise2 {} ; print($);`,
      `print($);`,
    ],
  },
];
