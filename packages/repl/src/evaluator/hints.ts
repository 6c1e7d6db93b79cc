import { bare, ownValue, regExpExec } from "./primordials.ts";

const NOT_DEFINED = /^([\w$]{1,40}) is not defined$/;

const HINTS: Readonly<Record<string, string>> = bare({
  FINAL: "Call done(value) to give the final answer.",
  FINAL_VAR: "Call done(variable) to give the final answer.",
  SHOW_VARS: "Call VARIABLES() to see the variables.",
  llm_query: "Write await llmQuery(prompt).",
  llm_query_batched: "Write await llmQueryBatched(prompts).",
  rlm_query: "Write await delegate(name, query).",
  rlm_query_batched: "Write await Promise.all(queries.map((query) => delegate(name, query))).",
  context: "The input is read through CONTEXT, for example CONTEXT.read(0, 1000).",
  setTimeout: "There are no timers here; await what you wait for.",
  setInterval: "There are no timers here; await what you wait for.",
  setImmediate: "There are no timers here; await what you wait for.",
  sleep: "There are no timers here; await what you wait for.",
  fetch: "There is no network here; use the functions you were given.",
  require: "There are no modules here; plain JavaScript and the functions you were given are all there is.",
  process: "This is plain JavaScript without Node.js.",
  Buffer: "This is plain JavaScript without Node.js; use strings, Uint8Array, atob and btoa.",
  window: "This is plain JavaScript without a browser; globals live on globalThis.",
  document: "This is plain JavaScript without a browser.",
  WeakRef: "WeakRef is left out, for a run must be repeatable.",
  FinalizationRegistry: "FinalizationRegistry is left out, for a run must be repeatable.",
  performance: "Use Date.now(); it stands still while code runs.",
  len: "This is JavaScript: use value.length.",
  True: "This is JavaScript: write true.",
  False: "This is JavaScript: write false.",
  None: "This is JavaScript: write null.",
});

/** What to do instead, for a name of another system or language; empty when there is nothing to say. */
export function hintFor(name: string, message: string): string {
  if (name !== "ReferenceError" || message.length > 100) return "";
  const missing = regExpExec(NOT_DEFINED, message)?.[1];
  const hint = missing === undefined ? undefined : ownValue(HINTS, missing);
  return typeof hint === "string" ? hint : "";
}
