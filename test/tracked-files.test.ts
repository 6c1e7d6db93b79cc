import { execFileSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { repositoryRoot } from "./source-files.ts";

const LARGEST_BYTES = 1_000_000;
const BUILT =
  /\.(tgz|tar|tar\.gz|zip|tsbuildinfo|map|node|wasm)$|(^|\/)(dist|node_modules|packed|reports|coverage|\.turbo)\//;

/** What is wrong with tracking a file of this path and size, or `null`. */
function trackingProblem(path: string, bytes: number): string | null {
  if (BUILT.test(path)) return `${path} is built: remove it with git rm --cached and ignore it`;
  return bytes > LARGEST_BYTES ? `${path} has ${bytes} bytes, at most ${LARGEST_BYTES}` : null;
}

describe("the files that git tracks", () => {
  it.runIf(existsSync(join(repositoryRoot, ".git")))("are none that is built, and none that is huge", () => {
    const listed = execFileSync("git", ["ls-files", "-z"], { cwd: repositoryRoot, encoding: "utf8" });
    const paths = listed.split("\0").filter((path) => path !== "" && existsSync(join(repositoryRoot, path)));
    expect(paths).toContain("package.json");
    const problems = paths.map((path) => trackingProblem(path, statSync(join(repositoryRoot, path)).size));
    expect(problems.filter((problem) => problem !== null)).toEqual([]);
  });

  it.runIf(existsSync(join(repositoryRoot, ".git")))(
    "are no links: what one leads to is on no other machine",
    () => {
      const listed = execFileSync("git", ["ls-files", "-s", "-z"], { cwd: repositoryRoot, encoding: "utf8" });
      expect(listed.split("\0").filter((entry) => entry.startsWith("120000 "))).toEqual([]);
    },
  );

  it.each([
    ["packages/a/rlmflow-a-0.1.0.tgz", 10, "is built"],
    ["packages/a/dist/index.js", 10, "is built"],
    ["tsconfig.tsbuildinfo", 10, "is built"],
    ["packages/a/test/golden/huge.json", 1_000_001, "has 1000001 bytes"],
  ])("may not be %s", (path, bytes, problem) => {
    expect(trackingProblem(path, bytes)).toContain(problem);
  });

  it.each(["packages/a/src/distance.ts", "docs/packed.md", "packages/a/test/golden/trace.json"])(
    "may be %s",
    (path) => {
      expect(trackingProblem(path, 1_000_000)).toBeNull();
    },
  );
});
