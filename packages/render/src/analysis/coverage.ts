import type { Graph, RunNode } from "@rlmflow/core";

/** A range of a payload, in UTF-16 units, from `start` up to `end`. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** One reading of a payload by the code of one agent. */
export interface PayloadRead extends Range {
  readonly agentId: string;
  /** Levels below the root. */
  readonly depth: number;
  /** The node that has the reading on record. */
  readonly nodeId: string;
}

/** What was read of one payload of a run, by whichever agents have it or a part of it. */
export interface PayloadCoverage {
  /** The digest of the payload, and the key under which an agent had it first. */
  readonly digest: string;
  readonly key: string;
  /** UTF-16 units of the payload, as far as they are known: at least up to where an agent's part ends. */
  readonly characters: number;
  /** Every reading, in the order of the log. */
  readonly reads: readonly PayloadRead[];
  /** What was read at all, in ascending ranges that do not touch. */
  readonly read: readonly Range[];
  /** What nobody read. */
  readonly unread: readonly Range[];
  /** What was read by two agents or more. */
  readonly repeated: readonly Range[];
}

/** How much of every payload was read, the payloads in the order in which agents were given them. */
export function contextCoverage(graph: Graph): readonly PayloadCoverage[] {
  const payloads = new Map<
    string,
    { readonly key: string; characters: number; readonly reads: PayloadRead[] }
  >();
  /** By agent and key, the digest of the payload and where the agent's part of it begins. */
  const parts = new Map<
    string,
    { readonly digest: string; readonly offset: number; readonly depth: number }
  >();
  for (const node of graph.walk()) {
    if (node.type === "query") {
      for (const { key, digest, characters, range } of node.contexts) {
        const offset = range?.start ?? 0;
        parts.set(partKey(node.agentId, key), { digest, offset, depth: node.depth });
        const known = payloads.get(digest) ?? { key, characters: 0, reads: [] };
        known.characters = Math.max(known.characters, offset + characters);
        payloads.set(digest, known);
      }
      continue;
    }
    for (const read of readsOf(node)) {
      const part = parts.get(partKey(node.agentId, read.key));
      if (part === undefined) continue;
      const { digest, offset, depth } = part;
      const range = { start: offset + read.start, end: offset + read.end };
      payloads.get(digest)?.reads.push({ ...range, agentId: node.agentId, depth, nodeId: node.id });
    }
  }
  return [...payloads].map(([digest, { key, characters, reads }]) => {
    const read = union(reads);
    const agents = [...Map.groupBy(reads, ({ agentId }) => agentId).values()].map(union);
    return {
      digest,
      key,
      characters,
      reads,
      read,
      unread: gaps(read, characters),
      repeated: overlaps(agents),
    };
  });
}

/** How many units were read of each of `bins` equal parts of a payload, by the depth of the agents that read them. */
export function coverageBins(coverage: PayloadCoverage, bins: number): readonly Uint32Array[] {
  const deepest = coverage.reads.reduce((most, { depth }) => Math.max(most, depth), 0);
  const rows = Array.from({ length: deepest + 1 }, () => new Uint32Array(bins));
  const width = Math.max(1, coverage.characters) / bins;
  for (const { start, end, depth } of coverage.reads) {
    for (let bin = Math.floor(start / width); bin < bins && bin * width < end; bin++) {
      const units = Math.min(end, Math.floor((bin + 1) * width)) - Math.max(start, Math.floor(bin * width));
      const row = rows[depth];
      if (row !== undefined) row[bin] = (row[bin] ?? 0) + Math.max(0, units);
    }
  }
  return rows;
}

/** Units in all of these ranges together. */
export function unitsIn(ranges: readonly Range[]): number {
  return ranges.reduce((sum, { start, end }) => sum + end - start, 0);
}

function partKey(agentId: string, key: string): string {
  return JSON.stringify([agentId, key]);
}

function readsOf(node: RunNode) {
  return "block" in node ? (node.block?.reads ?? []) : [];
}

/** The same units in ascending ranges that do not touch. */
function union(ranges: readonly Range[]): readonly Range[] {
  const merged: { start: number; end: number }[] = [];
  for (const { start, end } of ranges.toSorted((a, b) => a.start - b.start)) {
    if (end <= start) continue;
    const last = merged.at(-1);
    if (last !== undefined && start <= last.end) last.end = Math.max(last.end, end);
    else merged.push({ start, end });
  }
  return merged;
}

function gaps(ranges: readonly Range[], length: number): readonly Range[] {
  const found: Range[] = [];
  let from = 0;
  for (const { start, end } of ranges) {
    if (start > from) found.push({ start: from, end: Math.min(start, length) });
    from = Math.max(from, end);
  }
  if (from < length) found.push({ start: from, end: length });
  return found;
}

/** What lies in two of these lists of ranges or more. */
function overlaps(lists: readonly (readonly Range[])[]): readonly Range[] {
  const edges = lists
    .flatMap((ranges) => ranges.flatMap(({ start, end }) => [[start, 1] as const, [end, -1] as const]))
    .toSorted(([a, up], [b, down]) => a - b || up - down);
  const found: Range[] = [];
  let depth = 0;
  let from = 0;
  for (const [at, step] of edges) {
    depth += step;
    if (step === 1 && depth === 2) from = at;
    if (step === -1 && depth === 1 && at > from) found.push({ start: from, end: at });
  }
  return union(found);
}
