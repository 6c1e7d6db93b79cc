import { RLMError, type Runtime } from "@rlmflow/core";
import type { Activation, Answer } from "@rlmflow/core/driver";

import {
  type BrokenRuntime,
  changed,
  everyActivation,
  everyAnswer,
  everyBlockAfter,
  everySession,
} from "./changed-runtime.ts";

/** Runtimes whose way into the sandbox lets through what it must not, or loses what it must carry. */
export const BROKEN_TRANSPORTS: readonly BrokenRuntime[] = [
  {
    flaw: "takes a line of output for an activation",
    make: (good) => everyActivation(good, () => asOutputSays),
    foundBy: ["what code writes is never taken for a message of the sandbox"],
  },
  {
    flaw: "cuts values at 4 MiB",
    make: (good) => everyAnswer(good, cutAnswer),
    foundBy: ["values of 8 MiB cross, both ways"],
  },
  {
    flaw: "mixes up the answers of REPLs that wait at the same time",
    make: mixesAnswers,
    foundBy: ["REPLs that are busy at the same time get each their own answers"],
  },
  {
    flaw: "lets code compute on while its REPL is disposed",
    make: (good) => isolates(good),
    foundBy: ["a REPL is disposed while its code computes"],
  },
  {
    flaw: "fails in another way when it is closed while a REPL is opened",
    make: (good) =>
      changed(good, {
        async open(spec) {
          await new Promise((resolve) => setTimeout(resolve, 20));
          return await good.open(spec).catch(() => {
            throw new RLMError("runtime_failed", "something went wrong");
          });
        },
      }),
    foundBy: ["close while REPLs are being opened leaves none"],
  },
  {
    flaw: "leaves a timer running for every REPL",
    make: (good) =>
      changed(good, {
        open(spec) {
          setTimeout(() => {}, 4000);
          return good.open(spec);
        },
      }),
    foundBy: ["REPLs that come and go leave nothing behind"],
  },
];

/** Runtimes that are not what they say they are. */
export const BROKEN_DECLARATIONS: readonly BrokenRuntime[] = [
  {
    flaw: "says that it isolates, and runs code in this process",
    make: (good) => everyBlockAfter(isolates(good), `globalThis.process = { pid: ${process.pid} };`),
    foundBy: [
      "its isolation is what code finds: another process, without this one's environment",
      "its replay is exact only where code reaches no files",
    ],
  },
  {
    flaw: "says that it isolates, and hands code this environment",
    make: (good) =>
      everySession(isolates(good), (session) => ({
        start: (block) => {
          const environment = JSON.stringify({ pid: 1, env: process.env });
          return session.start({ ...block, code: `globalThis.process = ${environment}; ${block.code}` });
        },
      })),
    foundBy: ["its isolation is what code finds: another process, without this one's environment"],
  },
  {
    flaw: "says that its replay is exact, and lets code read files",
    make: (good) =>
      everyBlockAfter(isolates(good), 'globalThis.require = () => ({ readFileSync: () => "text" });'),
    foundBy: [
      "its replay is exact only where code reaches no files",
      "its isolation is what code finds: another process, without this one's environment",
    ],
  },
  {
    flaw: "names an engine without a version",
    make: (good) => changed(good, { language: { ...good.language, engine: "v8" } }),
    foundBy: ["its language names the engine that runs the code"],
  },
];

function isolates(good: Runtime): Runtime {
  return changed(good, { isolation: "isolate" });
}

function asOutputSays(activation: Activation): Activation {
  for (const line of activation.output.split("\n")) {
    if (line.startsWith('{"calls":')) return JSON.parse(line);
  }
  return activation;
}

const CUT = 4 * 1_048_576;

function cutAnswer(answer: Answer): Answer {
  const { outcome } = answer;
  if (!outcome.ok) return answer;
  const text = JSON.stringify(outcome.value);
  if (Buffer.byteLength(text) < CUT || typeof outcome.value !== "string") return answer;
  return { ...answer, outcome: { ok: true, value: outcome.value.slice(0, CUT / 3) } };
}

function mixesAnswers(good: Runtime): Runtime {
  let last: Answer | null = null;
  return everySession(good, (session) => ({
    async deliver(answer) {
      last = answer;
      await new Promise((resolve) => setTimeout(resolve, 5));
      return await session.deliver({ ...last, index: answer.index });
    },
  }));
}
