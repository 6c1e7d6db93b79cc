import { bare, ownValue, regExpExec } from "../realm/primordials.ts";
import { firstArgument } from "./own-line.ts";

const NOT_DEFINED = /^([\w$]{1,40}) is not defined$/;

const DONE = "To give the final answer write await done(…), with the answer between the parentheses.";
const MODEL = 'A model is asked by llmQuery, as in await llmQuery("What is 2 + 2?").';
const CHILD = 'A child has a short name and a task, as in await delegate("part", "What is 2 + 2?").';
const CHILDREN =
  "Each child is started by a delegate of its own, as in await wait(...tasks.map((task, i) => delegate('part' + i, task))).";
const INPUT =
  "The input, if there is one, is CONTEXT: CONTEXT.length is its size, CONTEXT.text() reads it all, CONTEXT.grep('error') searches it.";

const HINTS: Readonly<Record<string, string>> = bare({
  FINAL_VAR: DONE,
  final: DONE,
  final_answer: DONE,
  finalAnswer: DONE,
  FINAL_ANSWER: DONE,
  Final: DONE,
  answer: DONE,
  submit: DONE,
  submitAnswer: DONE,
  submit_answer: DONE,
  finish: DONE,
  respond: DONE,
  SHOW_VARS: "Call VARIABLES() to see the variables.",
  llm: MODEL,
  query: MODEL,
  rlm: CHILD,
  rlm_query: CHILD,
  rlm_query_batched: CHILDREN,
  text: INPUT,
  input: INPUT,
  document: INPUT,
  prompt: INPUT,
  Context: INPUT,
  setTimeout: "There are no timers here; await what you wait for.",
  setInterval: "There are no timers here; await what you wait for.",
  setImmediate: "There are no timers here; await what you wait for.",
  sleep: "There are no timers here; await what you wait for.",
  fetch: "There is no network here; use the functions you were given.",
  require: "There are no modules here; plain JavaScript and the functions you were given are all there is.",
  process: "This is plain JavaScript without Node.js.",
  Buffer: "This is plain JavaScript without Node.js; use strings, Uint8Array, atob and btoa.",
  window: "This is plain JavaScript without a browser; globals live on globalThis.",
  WeakRef: "WeakRef is left out, for a run must be repeatable.",
  FinalizationRegistry: "FinalizationRegistry is left out, for a run must be repeatable.",
  performance: "Use Date.now(); it stands still while code runs.",
  len: "This is JavaScript: use value.length.",
  True: "This is JavaScript: write true.",
  False: "This is JavaScript: write false.",
  None: "This is JavaScript: write null.",
});

const NO_ARGUMENT = /^(?:the )?value of (?:done|FINAL)[^;]* is a (promise|handle); await it first/;
const GIVEN = /\b(done|FINAL)\(\s*([A-Za-z_$][\w$.]{0,60})\s*\)/;

/** What to write where a variable that holds a promise is given as the answer; empty for any other error. */
export function unawaitedAnswer(message: string, code: string): string {
  if (message.length > 200 || regExpExec(NO_ARGUMENT, message) === null) return "";
  const given = regExpExec(GIVEN, code);
  if (given === null) return "";
  return `\`await ${given[2]}\` on its own does not change \`${given[2]}\`. Write: await ${given[1]}(await ${given[2]})`;
}

/** What to do instead, for a name of another system or language; empty when there is nothing to say. */
export function hintFor(name: string, message: string, excerpt: string): string {
  if (name !== "ReferenceError" || message.length > 100) return "";
  const missing = regExpExec(NOT_DEFINED, message)?.[1];
  const hint = missing === undefined ? undefined : ownValue(HINTS, missing);
  if (missing === undefined || typeof hint !== "string") return "";
  const given = firstArgument(missing, excerpt);
  return given === "" ? hint : writtenCall(missing, hint, given) || hint;
}

/** The sentence with the call that was meant, given what the model's own was given. */
function writtenCall(missing: string, hint: string, given: string): string {
  if (hint === DONE && missing !== "FINAL_VAR") return `To give the final answer write await done(${given}).`;
  if (hint === MODEL) return `A model is asked by llmQuery: write await llmQuery(${given}).`;
  if (hint === CHILD) return `A child has a short name and a task: write await delegate("part", ${given}).`;
  if (hint !== CHILDREN) return "";
  const children = `${given}.map((task, i) => delegate("part" + i, task))`;
  return `Each child is started by a delegate of its own: write await wait(...${children}).`;
}
