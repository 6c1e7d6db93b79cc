import type { ChatOptions, FinishReason, Message, Reply, RequestFailure } from "@rlmflow/core";
import { RLMError } from "@rlmflow/core";
import { type ContractCheck, ensure, ensureEqual, rejectionOf, within } from "../contract/contract.ts";
import { ensureGave, refuseDriver } from "../contract/refuse-driver.ts";
import { withExceptions } from "../contract/stated-exceptions.ts";
import type {
  ClientDriver,
  ClientRig,
  ProviderEnding,
  ProviderRefusal,
  ProviderScript,
  TokenCounts,
} from "./client-driver.ts";

const PATIENCE_MS = 50_000;
const ABORT_MS = 10_000;
/** How long a check listens for what must not come. */
const AFTERMATH_MS = 50;

const STOP: ProviderEnding = { kind: "finish", reason: "stop" };
const PIECES = ["Grüße ", "an 世界", " und 👩‍🚀", ".\n"] as const;
const SAID = "The river is closed for repairs.";
const THOUGHT = "What did they ask? ";
const ZEROS = { input: 0, cached: 0, output: 0, reasoning: 0 } as const;
const USAGE = { input: 1200, cached: 1000, output: 34, reasoning: 20 } as const;
const QUESTION: readonly Message[] = Object.freeze([
  Object.freeze({ role: "system", content: "Answer in one line." } as const),
  Object.freeze({ role: "user", content: "first-question" } as const),
  Object.freeze({ role: "assistant", content: "first-answer" } as const),
  Object.freeze({ role: "user", content: "second-question" } as const),
]);

type Examine = (rig: ClientRig) => Promise<void>;

/**
 * Everything that `Client` promises, as checks that any test runner can run. Each opens a provider of its
 * own through the driver and closes it. Throws `invalid_options` for a driver that is none, or that states an exception
 * from a check that does not exist.
 */
export function clientContract(driver: ClientDriver): readonly ContractCheck[] {
  refuseDriver("clientContract", driver, {
    open: { kind: "function", required: true },
    unreported: { kind: "object" },
    exceptions: { kind: "object" },
  });
  const check = (name: string, script: Partial<ProviderScript>, examine: Examine): ContractCheck => ({
    name,
    run: () => withRig(driver, { text: PIECES, ending: STOP, usage: USAGE, ...script }, examine),
  });
  const checks = [
    check("names its protocol and its model", {}, namesItself),
    check(
      "resolves with the text, the model and the usage of a complete reply",
      {},
      resolvesComplete(reportedBy(driver)),
    ),
    check("hands pieces to onText that add up to the text, all before it resolves", {}, streamsText),
    check("ignores what onText throws", {}, ignoresListener),
    check("sends every message, in order, in one request", {}, sendsMessages),
    check("resolves with the empty string when the reply has no text", { text: [] }, resolvesEmpty),
    ...(["stop", "length", "refused"] as const).map((reason) =>
      check(`tells the finish reason ${reason}`, { ending: { kind: "finish", reason } }, tellsFinish(reason)),
    ),
    check("reports usage it does not know as null, never as 0", { usage: null }, reportsUnknown),
    check("reports zero counts for a reply with text as unknown", { usage: ZEROS }, doubtsZeros),
    check("keeps reasoning out of the text", { reasoning: THOUGHT }, keepsReasoningOut),
    check("keeps concurrent chats apart", { text: "echo" }, keepsApart),
    ...(
      ["rate_limit", "overloaded", "authentication", "context_too_long", "quota", "invalid_request"] as const
    ).map((refusal) =>
      check(
        `rejects a request that is turned away: ${refusal}`,
        { ending: refuse(refusal) },
        rejects(refusal),
      ),
    ),
    check(
      "passes on how long the provider asks to wait",
      { ending: refuse("rate_limit", 7000) },
      passesOnWait,
    ),
    check(
      "quotes the provider when it refuses a request",
      { ending: { kind: "refuse", refusal: "invalid_request", said: SAID } },
      passesOnWords("invalid_request"),
    ),
    check(
      "rejects a reply that the provider ends with an error, and quotes it",
      { ending: { kind: "error", said: SAID } },
      passesOnWords("overloaded", "incomplete", "unknown"),
    ),
    check("rejects a reply that is cut", { ending: { kind: "cut" } }, rejects("network", "incomplete")),
    check("rejects a reply that ends early", { ending: { kind: "early_end" } }, rejects("incomplete")),
    check(
      "stops waiting for a first byte when aborted",
      { text: [], ending: { kind: "silence" } },
      stopsOnAbort,
    ),
    check("stops in the middle of a reply when aborted", { ending: { kind: "silence" } }, stopsOnAbort),
    check("sends nothing when the signal is aborted already", {}, sendsNothing),
  ];
  return withExceptions(checks, driver.exceptions ?? {}, "The client's driver");
}

/** What a client says of {@link USAGE}, its provider having a word for some counts only. */
function reportedBy({ unreported = [] }: ClientDriver): TokenCounts {
  return { ...USAGE, ...Object.fromEntries(unreported.map((count) => [count, null])) };
}

async function withRig(driver: ClientDriver, script: ProviderScript, examine: Examine): Promise<void> {
  const rig = await driver.open(script);
  ensureGave("open", "rig", rig, ["seen", "close"]);
  try {
    ensureGave("open", "client", rig.client, ["chat"]);
    await examine(rig);
  } finally {
    await rig.close();
  }
}

function refuse(refusal: ProviderRefusal, retryAfterMs?: number): ProviderEnding {
  return { kind: "refuse", refusal, ...(retryAfterMs !== undefined && { retryAfterMs }) };
}

function ask(rig: ClientRig, options?: ChatOptions): Promise<Reply> {
  return within(PATIENCE_MS, "chat", rig.client.chat(QUESTION, options));
}

async function namesItself({ client }: ClientRig): Promise<void> {
  ensureEqual(client.protocol, 1, "protocol");
  ensure(client.model !== "", "model is the empty string");
}

function resolvesComplete(usage: TokenCounts): Examine {
  return async (rig) => {
    const reply = await ask(rig);
    ensureEqual(reply.text, PIECES.join(""), "the text");
    ensure(reply.model !== "", "the reply's model is the empty string");
    const { costMicroUsd, ...tokens } = reply.usage;
    ensureEqual(tokens, usage, "the usage");
    const isCost = costMicroUsd === null || (Number.isSafeInteger(costMicroUsd) && costMicroUsd >= 0);
    ensure(isCost, `the cost is ${costMicroUsd}, neither null nor a whole number of micro-dollars`);
  };
}

async function streamsText(rig: ClientRig): Promise<void> {
  const pieces: string[] = [];
  const reply = await ask(rig, { onText: (piece) => pieces.push(piece) });
  ensureEqual(pieces.join(""), reply.text, "what onText was given");
  const count = pieces.length;
  await pause(AFTERMATH_MS);
  ensureEqual(pieces.length, count, "the number of pieces some time after the reply");
}

async function ignoresListener(rig: ClientRig): Promise<void> {
  const reply = await ask(rig, {
    onText() {
      throw new RLMError("protocol_violation", "thrown by onText");
    },
  });
  ensureEqual(reply.text, PIECES.join(""), "the text");
}

async function sendsMessages(rig: ClientRig): Promise<void> {
  await ask(rig);
  const { requests } = rig.seen();
  ensureEqual(requests.length, 1, "the number of requests");
  const body = requests[0] ?? "";
  const [system, ...turns] = QUESTION.map(({ content }) => body.indexOf(content));
  ensure(system !== -1, "the request does not hold the system message");
  const inOrder = turns.every((position, index) => position > (turns[index - 1] ?? -1));
  ensure(inOrder, "the request does not hold every message in order");
}

async function resolvesEmpty(rig: ClientRig): Promise<void> {
  ensureEqual((await ask(rig)).text, "", "the text");
}

function tellsFinish(reason: FinishReason): Examine {
  return async (rig) => ensureEqual((await ask(rig)).finishReason, reason, "the finish reason");
}

async function reportsUnknown(rig: ClientRig): Promise<void> {
  const { usage } = await ask(rig);
  const unknown = { input: null, cached: null, output: null, reasoning: null };
  ensureEqual({ ...usage, costMicroUsd: null }, { ...unknown, costMicroUsd: null }, "the usage");
}

async function doubtsZeros(rig: ClientRig): Promise<void> {
  const { input, output } = (await ask(rig)).usage;
  ensureEqual({ input, output }, { input: null, output: null }, "the usage");
}

async function keepsReasoningOut(rig: ClientRig): Promise<void> {
  const pieces: string[] = [];
  const { text } = await ask(rig, { onText: (piece) => pieces.push(piece) });
  ensureEqual(text, PIECES.join(""), "the text");
  ensureEqual(pieces.join(""), text, "what onText was given");
}

function passesOnWords(...reasons: readonly RequestFailure[]): Examine {
  return async (rig) => {
    const error = await rejectionOf("chat", ask(rig));
    ensureFailure(error, reasons);
    ensure(error.message.includes(SAID), `the message does not quote the provider: ${error.message}`);
  };
}

async function keepsApart(rig: ClientRig): Promise<void> {
  const questions = Array.from({ length: 8 }, (_, index) => `question ${index}`);
  const answers = questions.map((content) => rig.client.chat([{ role: "user", content }]));
  const replies = await within(PATIENCE_MS, "eight chats", Promise.all(answers));
  ensureEqual(
    replies.map(({ text }) => text),
    questions,
    "the texts",
  );
}

function rejects(...reasons: readonly RequestFailure[]): Examine {
  return async (rig) => {
    const pieces: string[] = [];
    const error = await rejectionOf("chat", ask(rig, { onText: (piece) => pieces.push(piece) }));
    ensureFailure(error, reasons);
    const count = pieces.length;
    await pause(AFTERMATH_MS);
    ensureEqual(rig.seen().requests.length, 1, "the number of requests");
    ensureEqual(pieces.length, count, "the number of pieces some time after the failure");
  };
}

async function passesOnWait(rig: ClientRig): Promise<void> {
  const error = await rejectionOf("chat", ask(rig));
  ensureFailure(error, ["rate_limit"]);
  ensureEqual(error.details.retryAfterMs, 7000, "retryAfterMs");
}

async function stopsOnAbort(rig: ClientRig): Promise<void> {
  const aborter = new AbortController();
  const pieces: string[] = [];
  const chat = rig.client.chat(QUESTION, { signal: aborter.signal, onText: (piece) => pieces.push(piece) });
  const failed = rejectionOf("chat", chat);
  await eventually(PATIENCE_MS, "the request at the provider", () => rig.seen().requests.length > 0);
  await pause(AFTERMATH_MS);
  aborter.abort();
  ensureFailure(await within(ABORT_MS, "the rejection after an abort", failed), ["aborted"]);
  const count = pieces.length;
  await eventually(ABORT_MS, "the end of the connection after an abort", () => rig.seen().closed > 0);
  ensureEqual(rig.seen().requests.length, 1, "the number of requests");
  ensureEqual(pieces.length, count, "the number of pieces some time after the abort");
}

async function sendsNothing(rig: ClientRig): Promise<void> {
  const error = await rejectionOf("chat", ask(rig, { signal: AbortSignal.abort() }));
  ensureFailure(error, ["aborted"]);
  await pause(AFTERMATH_MS);
  ensureEqual(rig.seen().requests.length, 0, "the number of requests");
}

function ensureFailure(error: unknown, reasons: readonly RequestFailure[]): asserts error is RLMError {
  ensure(RLMError.is(error, "request_failed"), `chat rejects with ${String(error)}, not with request_failed`);
  const { reason } = error.details;
  const fits = reasons.some((expected) => expected === reason);
  ensure(fits, `the reason is ${String(reason)} instead of ${reasons.join(" or ")}`);
}

async function eventually(milliseconds: number, what: string, holds: () => boolean): Promise<void> {
  const end = Date.now() + milliseconds;
  while (!holds()) {
    ensure(Date.now() < end, `${what} takes longer than ${milliseconds} ms`);
    await pause(5);
  }
}

function pause(milliseconds: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  setTimeout(resolve, milliseconds);
  return promise;
}
