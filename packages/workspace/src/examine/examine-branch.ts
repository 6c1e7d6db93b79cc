import { join } from "node:path";
import { Graph, RLMError, type RunNode } from "@rlmflow/core";
import { counted } from "@rlmflow/core/driver";
import { blobsOf, type PayloadStore, type RunInfo } from "@rlmflow/core/store";
import { holderWhereabouts, parseHolder } from "../branch/holder-identity.ts";
import { readOwnFile, temporariesIn } from "../disk/durable-files.ts";
import { systemCode } from "../disk/file-failure.ts";
import { readWriteLog } from "../files/write-log.ts";
import { writtenDirectories } from "../files/written-directories.ts";
import type { BranchPaths, Layout } from "../layout/layout.ts";
import { readBranchFile, readRunFile } from "../layout/run-files.ts";
import { requireDirectory } from "../layout/workspace-root.ts";
import { readHead } from "../log/log-head.ts";
import { LogReader } from "../log/log-reader.ts";
import { examineInbox } from "./examine-inbox.ts";
import type { Finding } from "./finding.ts";

/** A branch that was looked over. */
export interface BranchExamination {
  readonly runId: string;
  readonly branchId: string;
  /** The nodes up to the first damage: a graph whose payloads are all there. */
  readonly good: Graph;
  readonly findings: readonly Finding[];
}

/** What looking over a branch needs of its workspace. */
export interface ExaminationPlace {
  readonly layout: Layout;
  readonly payloads: Pick<PayloadStore, "getBlob" | "openContext">;
}

/** Looks over all that is kept of a branch. Changes nothing and takes no lock; damage is told and not thrown. */
export async function examineBranch(
  place: ExaminationPlace,
  runId: string,
  branchId: string,
): Promise<BranchExamination> {
  const findings: Finding[] = [];
  const run = await describe(place.layout, runId, branchId, findings);
  const { directory, log, head, writes, inbox, files } = place.layout.branch(runId, branchId);
  const lock = await lockFinding(directory);
  const nodes = await readGood({ log, head }, findings, lock?.isHeld === true);
  const fitting = fittingNodes(run, nodes, log, findings);
  const good = await upToMissing(place, fitting, log, findings);
  if (lock !== null) findings.push(lock.finding);
  if (good.length === 0 && findings.length === 0)
    findings.push({ severity: "note", file: log, message: EMPTY });
  const asked = examineInbox(inbox).catch((error: unknown) => [problem(inbox, error)]);
  const { blobs, contexts, runs } = place.layout;
  const folders = [directory, place.layout.branches(runId), blobs, contexts, runs];
  const beside = [
    writesFindings({ writes, head }, lock?.isHeld === true),
    asked,
    ...[...folders, ...(await writtenDirectories({ writes, files }))].map(leftovers),
  ];
  findings.push(...(await Promise.all(beside)).flat());
  return { runId, branchId, good, findings };
}

const EMPTY = "The log has no node: the run had not begun, or the file was emptied.";

/** What the branch is called; where that can't be read, what its folders say. */
async function describe(
  layout: Layout,
  runId: string,
  branchId: string,
  findings: Finding[],
): Promise<RunInfo> {
  const { info: file } = layout.branch(runId, branchId);
  for (const folder of [...layout.foldersOfBranch(runId, branchId), layout.blobs, layout.contexts]) {
    try {
      requireDirectory(folder);
    } catch (error) {
      findings.push(problem(folder, error));
    }
  }
  // What was said of a folder is not said again of a file that can't be reached through it.
  const tell = (path: string, error: unknown) => {
    if (findings.every(({ message }) => message !== messageOf(error))) findings.push(problem(path, error));
  };
  await readRunFile(layout, runId).catch((error) => tell(layout.runInfo(runId), error));
  try {
    return await readBranchFile(layout, runId, branchId);
  } catch (error) {
    tell(file, error);
    return { runId, branch: { id: branchId, parent: null, createdAt: 0 }, metadata: {} };
  }
}

async function readGood(
  { log, head }: { readonly log: string; readonly head: string },
  findings: Finding[],
  isHeld: boolean,
): Promise<readonly RunNode[]> {
  const reader = new LogReader(log, head);
  try {
    const nodes = await reader.advance();
    if (reader.tornBytes > 0) findings.push(torn(log, reader.tornBytes, isHeld));
    return nodes;
  } catch (error) {
    const line = RLMError.is(error) ? error.details.line : undefined;
    findings.push({ ...problem(log, error), ...(typeof line === "number" && { line }) });
    return reader.end === 0 ? [] : await new LogReader(log).advance(reader.end);
  }
}

function torn(file: string, bytes: number, isHeld: boolean): Finding {
  const message = isHeld
    ? `${counted(bytes, "byte")} behind the last whole line: a line is being written.`
    : `${counted(bytes, "byte")} behind the last whole line: a line was being written when its process died. Nothing that was acknowledged is in it; opening the branch drops it.`;
  return { severity: "note", file, message };
}

/** The nodes that are a graph together. */
function fittingNodes(run: RunInfo, nodes: readonly RunNode[], file: string, findings: Finding[]): Graph {
  const { graph, fault } = Graph.longestLawful(run, nodes);
  if (fault !== null) {
    const message = `Its lines are whole, but node ${fault.position + 1} does not fit those before it: ${fault.problem}.`;
    findings.push({ severity: "problem", file, message });
  }
  return graph;
}

/** The graph up to the first node that names a payload which is not there or was changed. */
async function upToMissing(
  { payloads }: ExaminationPlace,
  graph: Graph,
  log: string,
  findings: Finding[],
): Promise<Graph> {
  const checked = new Map<string, Promise<string | null>>();
  const check = (digest: string, read: () => Promise<unknown>) => {
    const known = checked.get(digest) ?? read().then(() => null, messageOf);
    checked.set(digest, known);
    return known;
  };
  let length = 0;
  let last: string | null = null;
  let isWhole = true;
  for (const node of graph.walk()) {
    const contexts = node.type === "query" ? node.contexts : [];
    const reasons = await Promise.all([
      ...blobsOf(node).map(({ digest }) => check(digest, () => payloads.getBlob(digest))),
      ...contexts.map(({ digest }) => check(digest, () => payloads.openContext(digest))),
    ]);
    for (const reason of reasons.filter((one) => one !== null)) {
      findings.push({
        severity: "problem",
        file: log,
        message: `Node ${node.id} needs what is lost: ${reason}`,
      });
      isWhole = false;
    }
    if (!isWhole) continue;
    length += 1;
    last = node.id;
  }
  if (length === graph.length) return graph;
  return last === null ? Graph.empty(graph.run) : graph.at(last);
}

async function lockFinding(directory: string): Promise<{ finding: Finding; isHeld: boolean } | null> {
  const file = join(directory, "lock");
  let text: string;
  try {
    text = (await readOwnFile(file)).toString("utf8");
  } catch (error) {
    if (systemCode(error) === "ENOENT") return null;
    return { finding: problem(file, error), isHeld: false };
  }
  const holder = parseHolder(text);
  const note = (message: string, isHeld: boolean) => ({
    finding: { severity: "note" as const, file, message },
    isHeld,
  });
  if (holder === null) {
    const message =
      "The lock can't be read. Make sure that no process writes the branch, then open it with force.";
    return { finding: { severity: "problem", file, message }, isHeld: false };
  }
  switch (await holderWhereabouts(holder, directory)) {
    case "running":
      return note(`Process ${holder.pid} is writing the branch.`, true);
    case "gone":
      return note(
        `Process ${holder.pid} left it and is gone: whoever opens the branch next takes it over.`,
        false,
      );
    case "elsewhere":
      return note(
        `Process ${holder.pid} on host ${holder.host} left it; nobody can tell from here whether that still runs. When it does not, open the branch with force.`,
        true,
      );
  }
}

async function writesFindings(
  { writes: file, head }: Pick<BranchPaths, "writes" | "head">,
  isHeld: boolean,
): Promise<readonly Finding[]> {
  try {
    // A head that can't be read is told with the log of nodes.
    const readable = await readHead(head).then(
      () => head,
      () => null,
    );
    const { tornBytes } = await readWriteLog(file, readable);
    return tornBytes > 0 ? [torn(file, tornBytes, isHeld)] : [];
  } catch (error) {
    return [problem(file, error)];
  }
}

/** Files under temporary names that no running process fills. */
async function leftovers(directory: string): Promise<readonly Finding[]> {
  try {
    const left = temporariesIn(directory).filter(({ writer }) => writer !== "running");
    const [first] = left;
    if (first === undefined) return [];
    const isRemoved = left.every(({ writer }) => writer === "gone");
    const what = `${left.length} ${left.length === 1 ? "file that was" : "files that were"} never finished (${first.name}${left.length > 1 ? ", …" : ""})`;
    const message = isRemoved
      ? `${what}; opening the branch removes ${left.length === 1 ? "it" : "them"}.`
      : `${what}, and nobody can tell from here whether ${left.length === 1 ? "its process runs" : "all their processes run"}. When no process is at work here, remove ${left.length === 1 ? "it" : "them"}.`;
    return [{ severity: "note", file: directory, message }];
  } catch (error) {
    return [problem(directory, error)];
  }
}

function problem(file: string, error: unknown): Finding {
  return { severity: "problem", file, message: messageOf(error) };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
