import { type Graph, RLMError } from "@rlmflow/core";
import { counted, sentences } from "@rlmflow/core/driver";
import { costText, formatCount, formatDuration, nodeText, toldUsage } from "@rlmflow/render";
import { openWorkspace } from "@rlmflow/workspace";
import { aligned } from "../branches/aligned.ts";
import { type Comparison, compareGraphs, type Own } from "../branches/compare-graphs.ts";
import { type CommandIo, widthOf, write } from "../command-io.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { openGraph } from "../render/open-graph.ts";
import { clip } from "../terminal/text-width.ts";

/** The options of `rlmflow diff` as they are typed. */
export interface DiffFlags {
  readonly dir?: string;
  readonly run?: string;
  readonly json?: boolean;
}

interface Side {
  readonly name: string;
  readonly graph: Graph;
  readonly own: Own;
}

/** `rlmflow diff`: the first node where two branches part, and what differs after it. */
export async function diffCommand(
  names: readonly [string, string],
  flags: DiffFlags,
  io: CommandIo,
): Promise<ExitCode> {
  const a = await graphNamed(names[0], flags);
  const b = await graphNamed(names[1], flags);
  const comparison = compareGraphs(a, b);
  const sides: readonly [Side, Side] = [
    { name: names[0], graph: a, own: comparison.a },
    { name: names[1], graph: b, own: comparison.b },
  ];
  if (flags.json === true) {
    await write(
      io.stdout,
      `${JSON.stringify({ shared: comparison.shared, a: jsonOf(sides[0]), b: jsonOf(sides[1]) })}\n`,
    );
    return EXIT.ok;
  }
  const width = widthOf(io.stdout, io.environment);
  const lines = describe(comparison, sides).map((line) => clip(line, width));
  await write(io.stdout, `${lines.join("\n")}\n`);
  return EXIT.ok;
}

/** A branch of the workspace by its name, else whatever is at the path. */
async function graphNamed(name: string, { dir = ".", run }: DiffFlags): Promise<Graph> {
  await using workspace = await openWorkspace(dir).catch(() => null);
  const isBranch = (await workspace?.branches())?.some(({ branchId, runId }) => {
    return branchId === name && (run === undefined || run === runId);
  });
  if (workspace !== null && isBranch === true) {
    try {
      return await workspace.load(run, name);
    } catch (cause) {
      if (!RLMError.is(cause, "not_found")) throw cause;
      throw new RLMError("not_found", sentences(cause.message, "Another run has one: name it with --run."), {
        cause,
      });
    }
  }
  return await openGraph(name, { run: run ?? null, branch: null }).catch((cause: unknown) => {
    if (!RLMError.is(cause, "not_found")) throw cause;
    throw new RLMError(
      "not_found",
      `${JSON.stringify(name)} is neither a branch in ${dir} (name the workspace with --dir) nor a path to a run: ${cause.message}`,
      { cause },
    );
  });
}

function describe({ shared }: Comparison, [a, b]: readonly [Side, Side]): readonly string[] {
  if (a.own.nodes === 0 && b.own.nodes === 0)
    return [`${a.name} and ${b.name} are the same: ${counted(shared, "node")}`];
  const first = (side: Side) =>
    side.own.first === null
      ? [`  ${side.name}`, "goes no further"]
      : [`  ${side.name}`, side.own.first.id, side.own.first.type, nodeText(side.own.first)];
  return [
    `${a.name} and ${b.name} share ${counted(shared, "node")}, then they part:`,
    ...aligned([first(a), first(b)]),
    "",
    ...aligned([
      ["after that", a.name, b.name],
      ["answer", answerOf(a), answerOf(b)],
      ["nodes", String(a.own.nodes), String(b.own.nodes)],
      ["tokens", ...[a, b].map(({ own }) => formatCount(own.usage.input + own.usage.output))],
      ["cost", ...[a, b].map(({ own }) => costText(own.usage))],
      ["time", ...[a, b].map(({ own }) => formatDuration(own.durationMs))],
    ]),
  ];
}

function answerOf({ graph }: Side): string {
  const head = graph.head("root");
  return graph.finished && head !== undefined ? clip(nodeText(head), 40) : "none yet";
}

function jsonOf({ own, graph }: Side) {
  const { first, nodes, usage, durationMs } = own;
  return {
    first: first?.id ?? null,
    answer: graph.result ?? null,
    finished: graph.finished,
    nodes,
    usage: toldUsage(usage),
    durationMs,
  };
}
