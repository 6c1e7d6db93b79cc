// One REPL: blocks go in as source, activations come out as JSON.
//
// Owns: the running block and the gate. Does not own: when microtasks run; the host lets all of them run
// between `start` or `deliver` and `activation`, and after `activation`. Invariants: (1) calls and output are taken
// only while the gate is open, from `start` or `deliver` to `activation`, so nothing that an ended block left
// behind reaches a later one; (2) `activation` does not throw; (3) only strings go in and out.

import type { EvaluatorSpec, MirrorOutput, ReadContext } from "../wire/evaluator-spec.ts";
import { Bindings } from "./block/bindings.ts";
import { BlockRun } from "./block/block-run.ts";
import { reportError, reportText } from "./block/error-report.ts";
import { installOtherNames } from "./block/other-names.ts";
import { OutputBuffer } from "./block/output-buffer.ts";
import { outputFunctions } from "./block/output-functions.ts";
import { ReservedNames } from "./block/reserved-names.ts";
import { Sources } from "./block/sources.ts";
import { Variables, variablesJson, variablesList } from "./block/variables.ts";
import { callPromise, type Use } from "./calls/call-promise.ts";
import type { HostOutcome, NewCall } from "./calls/calls.ts";
import { Handles } from "./calls/handle.ts";
import {
  batchedQueryFunction,
  type CallHost,
  delegateFunction,
  doneFunction,
  queryFunction,
  toolFunction,
  waitFunction,
} from "./calls/host-functions.ts";
import { Contexts } from "./context/context.ts";
import { Slices } from "./context/slice.ts";
import { seededRandom } from "./realm/chance.ts";
import type { Clock } from "./realm/clock.ts";
import {
  append,
  bareList,
  defineValue,
  ErrorConstructor,
  joinList,
  jsonParse,
  larger,
  ownValue,
  quote,
  systemNow,
} from "./realm/primordials.ts";
import { fixRealm } from "./realm/realm.ts";

const STACK_FRAMES = 30;
const STRAY_TEXT = 2_000;
/** Names without a value that are listed when a block threw before their declarations. */
const MOST_UNSET = 20;
/** Refused calls of a block that are shown one by one. */
const MOST_WARNINGS = 20;

/** The REPL of one agent in one realm. */
export class Repl {
  readonly #spec: EvaluatorSpec;
  readonly #clock: Clock = { now: 0 };
  readonly #reserved = new ReservedNames();
  readonly #sources = new Sources();
  readonly #slices = new Slices();
  readonly #variables: Variables;
  readonly #output: OutputBuffer;
  readonly #contexts: Contexts;
  readonly #bindings: Bindings;
  #random: () => number = () => 0;
  #open = false;
  #block: BlockRun | null = null;
  #blocks = 0;
  #enteredAt = 0;

  constructor(spec: EvaluatorSpec, readContext: ReadContext, mirror: MirrorOutput) {
    this.#spec = spec;
    this.#output = new OutputBuffer(spec.limits.outputKept, mirror);
    this.#bindings = new Bindings(this.#reserved, (value) => {
      this.#block?.dropped.add(value);
      return value;
    });
    this.#variables = new Variables(spec.limits.variables, (name) => this.#bindings.isUnset(name));
    this.#contexts = new Contexts(spec.contexts, readContext, this.#slices);
    fixRealm(this.#clock, () => this.#random());
    const named = this.#installNames();
    this.#variables.rememberGlobals();
    installOtherNames(named);
    this.#bindings.defineGlobals(spec.globals);
  }

  /** Begins a block: runs it as far as it goes without waiting. What an earlier one had open is dropped. */
  start(json: string): void {
    const message = asObject(jsonParse(json));
    this.#blocks += 1;
    this.#reserved.restore();
    this.#bindings.settle();
    defineValue(ErrorConstructor, "stackTraceLimit", STACK_FRAMES);
    this.#variables.startBlock();
    this.#contexts.forgetReads();
    this.#output.reset();
    const id = textOf(message, "id");
    this.#random = seededRandom(`${this.#spec.seed}\n${id}`);
    const source = {
      number: this.#blocks,
      id,
      code: textOf(message, "code"),
      source: textOf(message, "source"),
      lineOffset: numberOf(message, "lineOffset"),
    };
    this.#sources.add(source);
    this.#enter(message);
    this.#block = new BlockRun(source, this.#spec.limits);
    this.#block.run(this.#bindings.forBlock());
  }

  /** Gives the running block the answer to one of its calls. */
  deliver(json: string): void {
    const message = asObject(jsonParse(json));
    this.#enter(message);
    this.#block?.calls.deliver(numberOf(message, "index"), outcomeOf(message));
  }

  /** What happened since the last activation, as the JSON text of an Activation. */
  activation(): string {
    this.#open = false;
    const block = this.#block;
    const calls = block === null ? "" : block.calls.takeUnsent();
    if (block?.ended === true) this.#writeNotices(block);
    const state =
      block === null
        ? '{"kind":"idle"}'
        : block.stateJson(this.#sources, { unset: () => this.#unsetText(), json: () => this.#leftJson() });
    const output = this.#output.take();
    const cut =
      output.kept === output.total ? "" : `,"outputCut":{"kept":${output.kept},"total":${output.total}}`;
    const elapsed = systemNow() - this.#enteredAt;
    const codeMs = larger(elapsed, 0);
    return `{"calls":[${calls}],"output":${quote(output.text)}${cut},"codeMs":${codeMs},"state":${state}}`;
  }

  /** True when the main code of the block has ended. */
  ended(): boolean {
    return this.#block === null || this.#block.ended;
  }

  /** Writes a warning about a rejection that was not handled. */
  stray(reason: unknown): void {
    this.#warn("a promise was rejected and nobody awaited it", reason);
  }

  /** The same for a host that can only pass on the text of the reason. */
  strayText(json: string): void {
    const message = asObject(jsonParse(json));
    const error = {
      name: textOf(message, "name"),
      message: textOf(message, "message"),
      stack: textOf(message, "stack"),
    };
    const text = reportText(error, this.#sources, STRAY_TEXT);
    this.#output.write(`Warning: a promise was rejected and nobody awaited it: ${text}\n`);
  }

  #warn(what: string, reason: unknown): void {
    const text = reportError(reason, this.#sources, STRAY_TEXT).text;
    this.#output.write(`Warning: ${what}: ${text}\n`);
  }

  /** Warnings and notes about a block that has ended. */
  #writeNotices(block: BlockRun): void {
    const failures = block.dropped.take();
    for (let i = 0; i < failures.reasons.length; i += 1) {
      this.#warn("a promise was rejected and nobody awaited it", failures.reasons[i]);
    }
    if (failures.more > 0) {
      this.#output.write(`Warning: ${failures.more} more promises were rejected and nobody awaited them\n`);
    }
    const refusals = block.calls.takeRefusals();
    for (let i = 0; i < refusals.length && i < MOST_WARNINGS; i += 1) {
      this.#warn("a call was not made and nobody awaited it", refusals[i]);
    }
    if (refusals.length > MOST_WARNINGS) {
      this.#output.write(`Warning: ${refusals.length - MOST_WARNINGS} more calls were not made\n`);
    }
    const isSilent = this.#output.written === 0 && !block.hasEcho;
    const notes = this.#contexts.takeNotes(isSilent);
    for (let i = 0; i < notes.length; i += 1) this.#output.write(`Note: ${notes[i]}.\n`);
    const names = this.#reserved.takeShadowed();
    if (names.length === 0) return;
    const own = `${joinList(names, ", ")} ${names.length === 1 ? "is a name" : "are names"} of the REPL`;
    this.#output.write(
      `Note: ${own} and restored in your next block: keep your own values under other names.\n`,
    );
  }

  #enter(message: object): void {
    this.#clock.now = numberOf(message, "now");
    this.#enteredAt = systemNow();
    this.#open = true;
  }

  /** Says which declarations the block did not reach. */
  #unsetText(): string {
    const left = this.#bindings.settle();
    const unset = bareList<string>();
    const kept = bareList<string>();
    for (let i = 0; i < left.length && i < MOST_UNSET; i += 1) {
      const name = left[i];
      if (name !== undefined) append(name.isKept ? kept : unset, name.name);
    }
    const more = left.length > MOST_UNSET ? ` (and ${left.length - MOST_UNSET} more)` : "";
    let text =
      unset.length === 0 ? "" : `\nNot set, because the block threw first: ${joinList(unset, ", ")}${more}.`;
    if (kept.length > 0) text += `\nStill as before this block: ${joinList(kept, ", ")}${more}.`;
    return text;
  }

  #leftJson(): string {
    return `"variables":${this.#variablesJson()},"reads":${this.#contexts.readsJson()}`;
  }

  #variablesJson(): string {
    try {
      return variablesJson(this.#variables.summarize());
    } catch {
      return "[]";
    }
  }

  /** Installs the names of the REPL. Returns those that have other names too. */
  #installNames(): object {
    const { agentId, depth, maxDepth, functions, limits } = this.#spec;
    const issue = (call: NewCall): number => this.#issue(call);
    const noteRefusal = (reason: unknown, use: Use): void => {
      if (this.#open) this.#block?.calls.noteRefusal(reason, use);
    };
    const handles = new Handles({ block: () => this.#block?.id ?? "", issue, noteRefusal });
    const refuse = (reason: unknown): Promise<never> => this.#refuse(reason);
    const ensureRoom = (): void => this.#block?.calls.ensureRoom();
    const host: CallHost = { issue, ensureRoom, refuse, handles, slices: this.#slices, limits };
    const install = (name: string, value: unknown): void => this.#reserved.install(name, value);
    for (let i = 0; i < functions.length; i += 1) {
      const name = functions[i];
      if (name !== undefined) install(name, toolFunction(name, host));
    }
    const write = outputFunctions((line) => this.#write(line));
    install("print", write.print);
    install("console", write.console);
    install("delegate", delegateFunction(host));
    install("wait", waitFunction(host));
    const named = {
      llmQuery: queryFunction(host),
      llmQueryBatched: batchedQueryFunction(host),
      done: doneFunction(host),
      CONTEXT: this.#contexts.global(),
    };
    install("llmQuery", named.llmQuery);
    install("llmQueryBatched", named.llmQueryBatched);
    install("done", named.done);
    install("CONTEXT", named.CONTEXT);
    install("VARIABLES", () => variablesList(this.#variables.look()));
    install("AGENT_ID", agentId);
    install("DEPTH", depth);
    install("MAX_DEPTH", maxDepth);
    return named;
  }

  #issue(call: NewCall): number {
    if (!this.#open || this.#block === null) throw new ErrorConstructor("this block has ended");
    return this.#block.calls.issue(call);
  }

  /** A refusal that comes after the end of the block is not shown. */
  #refuse(reason: unknown): Promise<never> {
    if (this.#open && this.#block !== null) return this.#block.calls.refuse(reason);
    const { promise, reject } = callPromise<never>({ used: true });
    reject(reason);
    return promise;
  }

  #write(line: string): void {
    if (this.#open) this.#output.write(`${line}\n`);
  }
}

function asObject(value: unknown): object {
  return typeof value === "object" && value !== null ? value : {};
}

function textOf(message: object, key: string): string {
  const value = ownValue(message, key);
  return typeof value === "string" ? value : "";
}

function numberOf(message: object, key: string): number {
  const value = ownValue(message, key);
  return typeof value === "number" ? value : 0;
}

function outcomeOf(message: object): HostOutcome {
  const outcome = asObject(ownValue(message, "outcome"));
  if (ownValue(outcome, "ok") === true) return { ok: true, value: ownValue(outcome, "value") };
  return { ok: false, error: ownValue(outcome, "error") };
}
