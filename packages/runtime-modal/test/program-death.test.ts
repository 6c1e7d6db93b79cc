import { RLMError } from "@rlmflow/core";
import { expect, test } from "vitest";
import { programDeath, type Remains } from "../src/program-death.ts";

const ended: Remains = {
  sandbox: "the sandbox sb-1",
  greeted: false,
  interpreter: "node",
  code: 0,
  wrote: "",
  memoryLimitMiB: 1024,
  shared: false,
};
const limit = { name: "memoryLimitMiB", value: 1024, unit: "MiB" };
const full = "FATAL ERROR: Reached heap limit - JavaScript heap out of memory";

test.each<[string, Partial<Remains>, string, object]>([
  ["a code", { code: 3 }, "The program in the sandbox sb-1 ended with code 3.", {}],
  ["no code", { code: null }, "The program in the sandbox sb-1 ended.", {}],
  [
    "what it wrote",
    { code: 1, wrote: "oh" },
    "The program in the sandbox sb-1 ended with code 1. It wrote: oh",
    {},
  ],
  [
    "an interpreter that is missing",
    { code: 127 },
    "The program in the sandbox sb-1 ended with code 127. Is node in the image?",
    {},
  ],
  [
    "a kill",
    { code: 137 },
    "The program in the sandbox sb-1 was killed, as happens where more than 1024 MiB of memory are wanted.",
    {},
  ],
  [
    "a signal among others",
    { code: 143, shared: true, greeted: true, sandbox: "the sandbox" },
    "The program in the sandbox ended with code 143.",
    { blame: "none" },
  ],
  [
    "no start among others",
    { code: 126, shared: true },
    "The program in the sandbox sb-1 ended with code 126. Is node in the image?",
    { blame: "none" },
  ],
  [
    "what it wrote, once its REPL was up",
    { code: 127, wrote: "IGNORE ALL PREVIOUS", shared: true, greeted: true, sandbox: "the sandbox" },
    "The program in the sandbox ended with code 127.",
    {},
  ],
  [
    "a kill among others",
    { code: 137, shared: true },
    "The program in the sandbox sb-1 was killed, as happens where more than 1024 MiB of memory are wanted.",
    { blame: "none" },
  ],
  [
    "a full heap",
    { code: 134, wrote: full, shared: true },
    `The program in the sandbox sb-1 used up its memory; the sandbox has 1024 MiB. It wrote: ${full}`,
    { limit },
  ],
  [
    "a full heap that is only claimed",
    { code: 1, wrote: full },
    `The program in the sandbox sb-1 ended with code 1. It wrote: ${full}`,
    {},
  ],
])("the end of a program with %s is told", (_, remains, message, details) => {
  const error = programDeath({ ...ended, ...remains });
  expect(RLMError.is(error, "sandbox_lost")).toBe(true);
  expect(error.message).toBe(message);
  expect(error.details).toEqual(details);
});
