import { costText, formatCount, formatDuration, type Glyphs, oneLine } from "@rlmflow/render";
import type { Palette } from "../terminal/palette.ts";
import { clip, columns, pad } from "../terminal/text-width.ts";
import type { LiveAgent, RunProgress } from "./run-progress.ts";

/** How the live view is drawn. */
export interface LiveStyle {
  /** Epoch milliseconds. */
  readonly now: number;
  readonly width: number;
  /** Lines at most; at least 3 are drawn. */
  readonly height: number;
  readonly glyphs: Glyphs;
  readonly palette: Palette;
  /** The limit on the run's cost, for the bar. */
  readonly maxCostUsd: number | null;
}

const NAME_WIDTH = 24;
const BAR_WIDTH = 10;
/** Parts that the head line drops when there is no room, by index and in this order. The usage always stays. */
const FIRST_TO_GO: readonly number[] = [0, 5, 4, 1];
const DROPPED: readonly number[] = [0, 1, 2, 3, 4];
const PHASE_RANK = { code: 0, model: 1, waiting: 2 };

/** The run as it stands now, in no more lines and columns than asked: what runs first, what waits after it. */
export function liveLines(progress: RunProgress, style: LiveStyle): readonly string[] {
  const { width, height, glyphs, palette } = style;
  const failure = failureLine(progress, style);
  const room = Math.max(1, height - 2 - (failure === null ? 0 : 1));
  const agents = firstToShow(progress, room);
  const lines = [headLine(progress, style), ...agents.map((agent) => agentLine(progress, agent, style))];
  const line = countLine(progress, agents, glyphs);
  if (line !== null) lines.push(palette.dim(clip(line, width, glyphs.ellipsis)));
  if (failure !== null) lines.push(failure);
  return lines;
}

/** The root, then agents by what they do, those that have done it longest first. Linear in the agents that live. */
function firstToShow(progress: RunProgress, room: number): readonly LiveAgent[] {
  const before = (a: LiveAgent, b: LiveAgent) =>
    rank(a) - rank(b) || PHASE_RANK[a.phase] - PHASE_RANK[b.phase] || a.since - b.since;
  let first: LiveAgent[] = [];
  for (const agent of progress.agents()) {
    const last = first.at(-1);
    if (first.length >= room && last !== undefined && before(agent, last) >= 0) continue;
    first = [...first, agent].sort(before).slice(0, room);
  }
  return first;
}

function rank(agent: LiveAgent): number {
  return agent.depth === 0 ? 0 : 1;
}

function headLine(progress: RunProgress, style: LiveStyle): string {
  const { glyphs, palette, now, width, maxCostUsd } = style;
  const { counts, usage } = progress;
  const cost = usage.requests === 0 ? "?" : costText(usage);
  const parts = [
    "rlmflow",
    `run ${progress.runId}`,
    progress.isPaused ? `${glyphs.waiting} paused` : `${glyphs.running} running`,
    formatDuration(now - progress.startedAt),
    `agents ${counts.agents}  depth ${counts.deepest}`,
    `nodes ${formatCount(counts.nodes)}`,
    `${glyphs.sum}${formatCount(usage.input + usage.output)} tok`,
    maxCostUsd === null
      ? cost
      : `${cost} / $${maxCostUsd.toFixed(2)} ${bar(usage.costMicroUsd / 1e6 / maxCostUsd, glyphs)}`,
  ];
  const lines = DROPPED.map((count) =>
    parts.filter((_, place) => !FIRST_TO_GO.slice(0, count).includes(place)),
  );
  const fitting = lines.map((line) => line.join("  ")).find((line) => columns(line) <= width);
  return palette.bold(fitting ?? clip((lines.at(-1) ?? []).join("  "), width, glyphs.ellipsis));
}

function agentLine(progress: RunProgress, agent: LiveAgent, style: LiveStyle): string {
  const { glyphs, palette, width, now } = style;
  const right = `self ${formatCount(agent.own.input + agent.own.output)}`;
  const time = formatDuration(now - Math.max(agent.since, progress.startedAt));
  const most = width - columns(right) - 2;
  const lefts = [true, false].flatMap((hasBar) =>
    [NAME_WIDTH, NAME_WIDTH / 2].map((nameWidth) => {
      const name = pad(clip(agent.agentId, nameWidth, glyphs.ellipsis), nameWidth);
      return `${name} ${phaseText(progress, agent, glyphs, hasBar)} ${time}`;
    }),
  );
  const left = lefts.find((one) => columns(one) <= most) ?? clip(lefts.at(-1) ?? "", most, glyphs.ellipsis);
  const room = Math.max(0, most - columns(left) - 2);
  const label = clip(labelOf(agent, now), room, glyphs.ellipsis);
  const line = clip(
    `${pad(label === "" ? left : `${left}  ${label}`, most)}  ${right}`,
    width,
    glyphs.ellipsis,
  );
  return agent.phase === "waiting" ? palette.dim(line) : line;
}

/** What it says or runs; of a request that is made again, how often, when and why. */
function labelOf({ label, retry }: LiveAgent, now: number): string {
  if (retry === null) return oneLine(label);
  const left = retry.at + retry.waitMs - now;
  const when = left > 0 ? ` in ${formatDuration(left)}` : "";
  return `retry ${retry.attempt}${when}: ${oneLine(retry.message)}`;
}

function phaseText(progress: RunProgress, agent: LiveAgent, glyphs: Glyphs, hasBar: boolean): string {
  if (agent.phase === "code") return `${glyphs.node.observation} code `;
  if (agent.phase === "model") return `${glyphs.node.action} model`;
  const all = agent.awaited.length;
  const done = agent.awaited.filter((agentId) => !progress.isLive(agentId)).length;
  const text = `${glyphs.waiting} waiting ${done}/${all} done`;
  return hasBar ? `${text} ${bar(done / Math.max(1, all), glyphs)}` : text;
}

function countLine(progress: RunProgress, shown: readonly LiveAgent[], glyphs: Glyphs): string | null {
  const { agents, done, failed } = progress.counts;
  const hidden = agents - done - failed - shown.length;
  const parts = [
    ...(hidden > 0 ? [`${hidden} more running`] : []),
    ...(done > 0 ? [`${done} done`] : []),
    ...(failed > 0 ? [`${failed} ${glyphs.failed}`] : []),
  ];
  if (agents <= 1 || parts.length === 0) return null;
  return `${glyphs.ellipsis} ${parts.join("  ")}`;
}

function failureLine(progress: RunProgress, { glyphs, palette, width }: LiveStyle): string | null {
  const failure = progress.lastFailure;
  if (failure === null) return null;
  const line = `last ${glyphs.failed} ${failure.agentId} ${oneLine(failure.message)}`;
  return palette.red(clip(line, width, glyphs.ellipsis));
}

function bar(share: number, glyphs: Glyphs): string {
  const full = Math.round(Math.min(1, Math.max(0, share)) * BAR_WIDTH);
  return glyphs.full.repeat(full) + glyphs.empty.repeat(BAR_WIDTH - full);
}
