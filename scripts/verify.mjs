// Everything that must hold before a change is merged, one step after another. Every step runs even when an
// earlier one failed. The last line is "N passed, N failed": each test counts, and so does each other step.

import { spawnSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const testReport = join(root, "reports", "tests.json");

/** The environment of the steps, in which the workspace's own commands are found first. */
const env = {
  ...process.env,
  PATH: [join(root, "node_modules", ".bin"), process.env.PATH].join(delimiter),
  TURBO_TELEMETRY_DISABLED: "1",
};

const steps = [
  { name: "build", command: "turbo run build" },
  { name: "typecheck", command: "tsc --noEmit" },
  { name: "lint", command: "biome check ." },
  { name: "lint:pkg", command: "turbo run lint:pkg" },
  { name: "tests", command: "vitest run", count: countTests },
];

/** Tests by outcome. A run without a readable report, or that failed outside any test, is one failure. */
function countTests(succeeded) {
  try {
    const { numPassedTests, numFailedTests } = JSON.parse(readFileSync(testReport, "utf8"));
    const failedElsewhere = !succeeded && numFailedTests === 0;
    return { passed: numPassedTests, failed: failedElsewhere ? 1 : numFailedTests };
  } catch {
    return { passed: 0, failed: 1 };
  }
}

function countStep(succeeded) {
  return succeeded ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

function perform({ name, command, count = countStep }) {
  console.log(`\n=== ${name}: ${command}`);
  const started = performance.now();
  const { status } = spawnSync(command, { cwd: root, env, shell: true, stdio: "inherit" });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  return { name, seconds, succeeded: status === 0, ...count(status === 0) };
}

rmSync(testReport, { force: true });
const results = steps.map(perform);

console.log("");
for (const { name, seconds, succeeded, passed, failed } of results) {
  console.log(
    `${succeeded ? "ok    " : "FAILED"} ${name} (${seconds} s): ${passed} passed, ${failed} failed`,
  );
}
const total = (key) => results.reduce((sum, result) => sum + result[key], 0);
console.log(`\n${total("passed")} passed, ${total("failed")} failed`);
process.exitCode = results.every(({ succeeded }) => succeeded) ? 0 : 1;
