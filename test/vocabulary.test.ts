import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { repositoryRoot } from "./source-files.ts";

const MOST_WORDS = 25;

/** Words that meant a thing which has another word now, and that word. */
const RETIRED: Readonly<Record<string, string>> = {
  Arrivals: "Mailbox",
  KernelInfo: "LanguageInfo",
  javascriptKernel: "javascript",
  pythonKernel: "python",
  ReplPlaces: "ReplPermits",
  TurnState: "ActivationState",
  decodeTurn: "decodeActivation",
  beingBorn: "promised",
  births: "delegations",
  bornAgain: "spawned",
  guardedPayloads: "closablePayloads",
  inOwnWords: "inLanguage",
  recovered: "resumed, or repaired",
  RootTasks: "RootQueries",
  slotPort: "localPort",
  steadyEnvironment: "monotonicClock",
  takeUp: "resumeRun",
  takenUp: "interrupted",
  TaskDraft: "NewQuery",
};

function glossary(): readonly string[] {
  const text = readFileSync(join(repositoryRoot, "ARCHITECTURE.md"), "utf8");
  const rows = text.slice(text.indexOf("## Glossary")).matchAll(/^\| (\S[^|]*?) +\|/gm);
  return [...rows].map(([, word]) => word ?? "").filter((word) => word !== "word" && !word.startsWith("---"));
}

describe("the glossary", () => {
  it(`has at most ${MOST_WORDS} words, each once, in order`, () => {
    const words = glossary();
    expect(words.length).toBeGreaterThan(10);
    expect(words.length).toBeLessThanOrEqual(MOST_WORDS);
    expect(words).toEqual([...new Set(words)].toSorted());
  });

  it("has no word that was retired", () => {
    expect(glossary().filter((word) => Object.hasOwn(RETIRED, word))).toEqual([]);
  });
});

describe("retired words", () => {
  it("stand in no source and in no page", () => {
    const pattern = new RegExp(`\\b(?:${Object.keys(RETIRED).join("|")})\\b`);
    const listed = execFileSync("git", ["ls-files", "-z"], { cwd: repositoryRoot, encoding: "utf8" });
    const found = listed
      .split("\0")
      .filter((path) => /^(?:packages|apps)\/[^/]+\/src\/|^docs\/|\.md$/.test(path))
      .flatMap((path) => {
        const lines = readFileSync(join(repositoryRoot, path), "utf8").split("\n");
        return lines.flatMap((line, index) => {
          const [word] = pattern.exec(line) ?? [];
          return word === undefined ? [] : [`${path}:${index + 1}: ${word} is now ${RETIRED[word]}`];
        });
      });
    expect(found).toEqual([]);
  });
});
