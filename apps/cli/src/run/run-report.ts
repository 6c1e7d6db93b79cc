import {
  isJsonObject,
  type JsonValue,
  RLMError,
  type RLMErrorCode,
  type RunEvent,
  type RunNode,
  type UsageTotal,
} from "@rlmflow/core";
import { counted } from "@rlmflow/core/driver";
import type { Resumed } from "@rlmflow/core/store";
import {
  costText,
  formatCounted,
  formatDuration,
  isCostUnknown,
  plainText,
  toldUsage,
} from "@rlmflow/render";
import { type CommandIo, write } from "../command-io.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { quoteForShell } from "../terminal/quote-for-shell.ts";

/** How a run ended. */
export interface RunEnd {
  readonly exitCode: ExitCode;
  readonly runId: string;
  readonly branch: string;
  readonly directory: string;
  /** Absent when there is no answer. */
  readonly answer?: JsonValue;
  readonly error?: unknown;
  readonly usage: UsageTotal;
  readonly agents: number;
  readonly durationMs: number;
}

/** The version of the lines that `--json` writes; it changes when a field changes its meaning. */
const VERSION = 1;

/** A request that failed and is made again. */
export type RetryEvent = Extract<RunEvent, { readonly type: "retry" }>;

/** What a command writes to standard output about a run: the answer alone, or every event as a line of JSON. */
export interface RunReport {
  begin(runId: string): Promise<void>;
  node(node: RunNode): Promise<void>;
  /** A request that failed is made again. */
  retry(event: RetryEvent): Promise<void>;
  end(end: RunEnd): Promise<void>;
}

/** The report of a run for people, or with `json` for programs. */
export function runReport(io: CommandIo, json: boolean, resumed: Resumed | null = null): RunReport {
  return json ? jsonReport(io, resumed) : answerReport(io);
}

/** One line about how the run ended and where to look at it. */
export function endLine(end: RunEnd): string {
  const { usage, agents } = end;
  const parts = [
    `${STATUS[end.exitCode]} after ${formatDuration(end.durationMs)}`,
    counted(agents, "agent"),
    formatCounted(usage.input + usage.output, "token"),
    ...(isCostUnknown(usage) || usage.requests === 0 ? [] : [costText(usage)]),
  ];
  const where = placeText(end);
  const canGoOn = RESUMABLE.includes(end.exitCode) || WELL_AGAIN.some((code) => RLMError.is(end.error, code));
  const goOn = canGoOn ? ` Go on: rlmflow resume ${where}${raised(end)}` : "";
  return `${parts.join(", ")}. See it: rlmflow render ${where}${goOn && `.${goOn}`}`;
}

/** One line about a run that is watched no longer, which whoever moves it does not hear of. */
export function stoppedLine(end: RunEnd): string {
  return `stopped watching; the run goes on in its own process. Watch it again: rlmflow watch ${placeText(end)}`;
}

/** The run and its branch as arguments of a command. */
function placeText({ directory, runId, branch }: RunEnd): string {
  return `${quoteForShell(directory)} --run ${runId}${branch === "main" ? "" : ` --branch ${branch}`}`;
}

const RESUMABLE: readonly ExitCode[] = [EXIT.budget, EXIT.interrupted];

/** Whoever failed the run may be well again. */
const WELL_AGAIN: readonly RLMErrorCode[] = ["request_failed", "runtime_failed"];

/** The option that raises the limit which ended the run. */
function raised({ error }: RunEnd): string {
  const limit = RLMError.is(error, "limit_reached") ? error.details.limit : undefined;
  if (!isJsonObject(limit) || typeof limit.name !== "string") return "";
  const option = LIMIT_OPTIONS[limit.name];
  return option === undefined ? "" : ` ${option} …`;
}

const LIMIT_OPTIONS: Readonly<Record<string, string>> = {
  maxIterations: "--max-iterations",
  maxTotalTokens: "--max-tokens",
  maxCostUsd: "--max-cost",
  maxDurationMs: "--max-duration",
};

/** For people. */
const STATUS: Readonly<Record<ExitCode, string>> = {
  [EXIT.ok]: "done",
  [EXIT.failed]: "failed",
  [EXIT.usage]: "failed",
  [EXIT.budget]: "limit reached",
  [EXIT.pending]: "pending",
  [EXIT.interrupted]: "interrupted",
};

/** For programs. */
const OUTCOMES: Readonly<Record<ExitCode, string>> = {
  [EXIT.ok]: "ok",
  [EXIT.failed]: "failed",
  [EXIT.usage]: "failed",
  [EXIT.budget]: "limit_reached",
  [EXIT.pending]: "pending",
  [EXIT.interrupted]: "interrupted",
};

function answerReport({ stdout }: CommandIo): RunReport {
  return {
    begin: async () => {},
    node: async () => {},
    retry: async () => {},
    async end({ answer }) {
      if (answer === undefined) return;
      const text = typeof answer === "string" ? answer : JSON.stringify(answer, null, 2);
      await write(stdout, `${stdout.isTTY === true ? plainText(text) : text}\n`);
    },
  };
}

function jsonReport({ stdout }: CommandIo, resumed: Resumed | null): RunReport {
  const line = (value: object) => write(stdout, `${JSON.stringify({ v: VERSION, ...value })}\n`);
  return {
    begin: (runId) => line({ type: "start", runId, ...(resumed !== null && { resumed }) }),
    node: (node) => line({ type: "node", node }),
    retry: (event) => line({ ...event }),
    end: ({ error, exitCode, usage, ...end }) =>
      line({
        type: "end",
        status: OUTCOMES[exitCode],
        exitCode,
        ...end,
        usage: toldUsage(usage),
        ...(error !== undefined && errorOf(error)),
      }),
  };
}

function errorOf(error: unknown): object {
  const message = error instanceof Error ? error.message : String(error);
  return { error: { code: RLMError.is(error) ? error.code : "unknown", message } };
}
