import { applyEdit, RLMError } from "@rlmflow/core";
import { sentences } from "@rlmflow/core/driver";
import type { InboxFate, InboxRequest } from "@rlmflow/core/store";
import { oneLine, plainText } from "@rlmflow/render";
import { type BranchInbox, openWorkspace, type Workspace } from "@rlmflow/workspace";
import { type CommandIo, write } from "../command-io.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { readDuration } from "../options/option-values.ts";
import { branchPlace } from "../render/branch-place.ts";
import { requestText } from "../run/request-text.ts";
import { checkCode } from "./check-code.ts";

/** The options that all commands share which ask something of a run. */
export interface AskFlags {
  readonly agent?: string;
  readonly run?: string;
  readonly branch?: string;
  readonly wait?: string;
}

const DEFAULT_WAIT_MS = 30_000;
const LOOK_MS = 1000;

/**
 * Puts a request into the inbox of a run and waits until the process that moves the run has done it or has
 * refused it. An edit of a run that nobody moves is kept for whoever resumes it, when it fits.
 */
export async function askRun(
  path: string,
  flags: AskFlags,
  request: InboxRequest,
  io: CommandIo,
): Promise<ExitCode> {
  const waitMs = readWait(flags.wait);
  const place = branchPlace(path, flags);
  await using workspace = await openWorkspace(place.workspace);
  const inbox = await workspace.inbox(place.run, place.branch);
  const { runId } = inbox.run;
  const isMoved = await inbox.isTaken();
  if (!isMoved && !("agentId" in request))
    throw new RLMError(
      "nothing_to_do",
      `No process moves run ${runId}; there is nothing to ${request.kind}.`,
    );
  const { obstacle, unchecked } = isMoved ? FITS : await fitOf(request, inbox, workspace);
  if (obstacle !== null) return await tellFate({ state: "refused", reason: obstacle }, request, runId, io);
  const { id } = await inbox.put(request);
  const fate = isMoved ? await awaitFate(inbox, id, waitMs) : null;
  if (fate !== null) return await tellFate(fate, request, runId, io);
  const kept = (await inbox.isTaken())
    ? `not done within ${waitMs / 1000} s: the agent is busy. It is kept and done when what is in flight has landed.`
    : `no process moves run ${runId} now. It is kept and done when the run is resumed.`;
  io.stderr.write(`rlmflow: ${kept}${unchecked === "" ? "" : ` ${unchecked}`}\n`);
  return EXIT.pending;
}

/** How a request fits a run that nobody moves. */
interface Fit {
  /** Why it would be refused when the run is resumed. */
  readonly obstacle: string | null;
  /** What only whoever resumes the run can check of it. */
  readonly unchecked: string;
}

const FITS: Fit = { obstacle: null, unchecked: "" };

/** How the edit fits when the run is resumed, edits that are kept already made before it. */
async function fitOf(request: InboxRequest, inbox: BranchInbox, workspace: Workspace): Promise<Fit> {
  const { runId, branch } = inbox.run;
  let graph = await workspace.load(runId, branch.id);
  const kept = (await inbox.pending()).map((entry) => entry.request);
  let obstacle: string | null = null;
  for (const edit of [...kept, request]) {
    if (!("agentId" in edit)) continue;
    obstacle = null;
    try {
      graph = applyEdit(graph, edit, Date.now());
    } catch (error) {
      if (!RLMError.is(error)) throw error;
      obstacle = error.message;
    }
  }
  if (obstacle !== null && graph.head("root")?.type === "result")
    obstacle = sentences(obstacle, "The run has answered: rlmflow continue gives it a further query.");
  if (obstacle !== null || request.kind !== "code") return { obstacle, unchecked: "" };
  const check = await checkCode(graph, request.agentId, request.code);
  if (check.kind === "fault") return { obstacle: check.message, unchecked: "" };
  if (check.kind === "parses") return FITS;
  const language = oneLine(check.language);
  return {
    obstacle: null,
    unchecked: `There is no parser for ${language} here: whether it parses is checked then.`,
  };
}

function readWait(text: string | undefined): number {
  if (text === undefined) return DEFAULT_WAIT_MS;
  const milliseconds = text === "0" ? 0 : readDuration(text);
  if (milliseconds !== null) return milliseconds;
  throw new RLMError("invalid_options", `- --wait must be a time like 5s or 2m, not ${JSON.stringify(text)}`);
}

async function awaitFate(inbox: BranchInbox, id: string, waitMs: number): Promise<InboxFate | null> {
  const over = AbortSignal.timeout(waitMs);
  for (;;) {
    const fate = await inbox.fateOf(id);
    if (fate !== null || over.aborted || !(await inbox.isTaken())) return fate;
    // That the process which moves the run has gone changes nothing in the inbox: it is looked for now and then.
    await inbox.changed(AbortSignal.any([over, AbortSignal.timeout(LOOK_MS)]));
  }
}

async function tellFate(
  fate: InboxFate,
  request: InboxRequest,
  runId: string,
  io: CommandIo,
): Promise<ExitCode> {
  const what = requestText(request, runId);
  if (fate.state === "refused") {
    io.stderr.write(`rlmflow: refused to ${what}: ${plainText(fate.reason)}\n`);
    return EXIT.failed;
  }
  const shown = fate.nodes.slice(0, 5).join(", ");
  const more = fate.nodes.length > 5 ? ` and ${fate.nodes.length - 5} more` : "";
  const nodes = fate.nodes.length === 0 ? "" : `, as ${oneLine(shown)}${more}`;
  await write(io.stdout, `${what}: done${nodes}\n`);
  return EXIT.ok;
}
