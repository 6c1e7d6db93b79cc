import type { Glyphs } from "../terminal/glyphs.ts";
import type { Palette } from "../terminal/palette.ts";
import { oneLine } from "../terminal/plain-text.ts";
import { formatCount, formatDuration } from "../terminal/quantities.ts";
import { clip, columns, pad } from "../terminal/text-width.ts";
import { costText } from "../usage/cost-text.ts";
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
  const cost = costText(usage);
  const parts = [
    `rlmflow  run ${progress.runId}`,
    `${glyphs.running} running`,
    formatDuration(now - progress.startedAt),
    `agents ${counts.agents}  depth ${counts.deepest}`,
    `nodes ${formatCount(counts.nodes)}`,
    `${glyphs.sum}${formatCount(usage.input + usage.output)} tok`,
    maxCostUsd === null
      ? cost
      : `${cost} / $${maxCostUsd.toFixed(2)} ${bar(usage.costMicroUsd / 1e6 / maxCostUsd, glyphs)}`,
  ];
  return palette.bold(clip(parts.join("  "), width, glyphs.ellipsis));
}

function agentLine(progress: RunProgress, agent: LiveAgent, style: LiveStyle): string {
  const { glyphs, palette, width, now } = style;
  const name = clip(agent.agentId, NAME_WIDTH, glyphs.ellipsis);
  const right = `self ${formatCount(agent.own.input + agent.own.output)}`;
  const left = `${pad(name, NAME_WIDTH)} ${phaseText(progress, agent, glyphs)} ${formatDuration(now - Math.max(agent.since, progress.startedAt))}`;
  const room = width - columns(left) - columns(right) - 4;
  const label = clip(labelOf(agent, now), Math.max(0, room), glyphs.ellipsis);
  const line = clip(`${left}  ${pad(label, Math.max(0, room))}  ${right}`, width, glyphs.ellipsis);
  return agent.phase === "waiting" ? palette.dim(line) : line;
}

/** What it says or runs; of a request that is made again, how often, when and why. */
function labelOf({ label, retry }: LiveAgent, now: number): string {
  if (retry === null) return oneLine(label);
  const left = retry.at + retry.waitMs - now;
  const when = left > 0 ? ` in ${formatDuration(left)}` : "";
  return `retry ${retry.attempt}${when}: ${oneLine(retry.message)}`;
}

function phaseText(progress: RunProgress, agent: LiveAgent, glyphs: Glyphs): string {
  if (agent.phase === "code") return `${glyphs.node.observation} code `;
  if (agent.phase === "model") return `${glyphs.node.action} model`;
  const all = agent.awaited.length;
  const done = agent.awaited.filter((agentId) => !progress.isLive(agentId)).length;
  return `${glyphs.waiting} waiting ${done}/${all} done ${bar(done / Math.max(1, all), glyphs)}`;
}

function countLine(progress: RunProgress, shown: readonly LiveAgent[], glyphs: Glyphs): string | null {
  const { agents, done, failed } = progress.counts;
  const hidden = agents - done - failed - shown.length;
  if (agents <= 1) return null;
  const parts = [`${hidden} more running`, `${done} done`, `${failed} ${glyphs.failed}`];
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
