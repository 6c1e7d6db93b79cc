import { describe, expect, it } from "vitest";
import { printsAsShown, programsOf } from "./document-programs.ts";
import { fencesOf } from "./markdown-fences.ts";
import { commandFault, commandsOf, type KnownCommands, readManifests } from "./shell-commands.ts";

function fence(info: string, ...lines: readonly string[]): string {
  return [`\`\`\`${info}`, ...lines, "```", ""].join("\n");
}

describe("fences", () => {
  it("are found with their info string and line, a longer one around a shorter one", () => {
    const text = `# Title\n\n${fence("ts run", "a();")}\n\`\`\`\`text output\n${fence("repl", "b")}\`\`\`\`\n`;
    expect(fencesOf("a.md", text)).toEqual([
      { path: "a.md", line: 4, language: "ts", mark: "run", text: "a();" },
      { path: "a.md", line: 8, language: "text", mark: "output", text: "```repl\nb\n```" },
    ]);
  });
});

describe("programs", () => {
  const programs = (...fences: readonly string[]) =>
    programsOf({ path: "docs/a.md", text: fences.join("\n") });

  it("keep the lines that their code has in the document, pieces joined", () => {
    const [program] = programs(
      fence("ts run", "a();"),
      fence("text output", "1"),
      "words",
      fence("ts more", "b();"),
    );
    expect(program).toMatchObject({ place: "docs/a.md:2", file: "docs-a-md-2.ts", runs: true, output: "1" });
    expect(program?.code.split("\n")).toEqual(["", "a();", "", "", "", "", "", "", "", "", "b();"]);
  });

  it("are checked and not run without a mark, and stand between run and more without breaking them", () => {
    const found = programs(fence("ts run", "a();"), fence("js", "c();"), fence("ts more", "b();"));
    expect(found.map(({ runs, file }) => [runs, file])).toEqual([
      [true, "docs-a-md-2.ts"],
      [false, "docs-a-md-6.mjs"],
    ]);
    expect(found[0]?.code).toContain("b();");
  });

  it.each([
    ["unknown mark", fence("ts ruin", "a();")],
    ["no program to go on with", fence("ts more", "a();")],
    ["follows no program", fence("text output", "1")],
  ])("are refused with %s", (says, text) => {
    expect(() => programs(text)).toThrow(says);
  });
});

describe("outputs", () => {
  it.each([
    ["1\n2", "1\n2\n", true],
    ["1\n2", "1\n3\n", false],
    ["1", "1\n2\n", false],
    ["1\n…", "1\n2\n3\n", true],
    ["…\n3", "1\n2\n3\n", true],
    ["…\n2", "1\n2\n3\n", false],
    ["took 0.0s, 5 tokens", "took 12.3s, 77 tokens\n", true],
    ["5 agents", "6 agents\n", false],
  ])("shown as %j and printed as %j compare as %j", (shownText, printed, alike) => {
    expect(printsAsShown(shownText, printed)).toBe(alike);
  });
});

describe("commands", () => {
  const help = new Map([["run", "  -m, --model <name>   the model\n  --json   lines"]]);
  const known: KnownCommands = { manifests: readManifests(), rlmflowHelp: help };
  const faults = (line: string) =>
    commandsOf({ path: "a.md", text: fence("sh", line) }).map((command) => commandFault(command, known));

  it.each([
    "npm run demo && npm test # both",
    "npm install @rlmflow/core openai",
    "KEY=1 node first.mjs",
    'npx rlmflow run "What is -this?" --model x --json',
    "pnpm --filter license-audit start --model gpt-5",
    "pnpm exec vitest run",
  ])("that can be given pass: %s", (line) => {
    expect(new Set(faults(line))).toEqual(new Set([null]));
  });

  it.each([
    ["npm run demmo", "the root has no script demmo"],
    ["npm install @rlmflow/corre", "no package of ours needs @rlmflow/corre"],
    ["pnpm --filter needles start", "there is no package needles"],
    ["pnpm --filter needle begin", "needle has no script begin"],
    ["pnpm exec jest", "jest is no tool of the root"],
    ["node scripts/nothing.mjs", "there is no file scripts/nothing.mjs"],
    ["rlmflow walk", "rlmflow has no command walk"],
    ["rlmflow run hello --modell x", "rlmflow run has no option --modell"],
    ["curl example.org", "nothing is known of the command curl"],
  ])("that can't be given are told: %s", (line, fault) => {
    expect(faults(line)).toEqual([fault]);
  });
});
