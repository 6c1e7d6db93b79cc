import type { Graph } from "@rlmflow/core";
import { NODE_LETTERS, nodeText } from "@rlmflow/render";
import type { Palette } from "../terminal/palette.ts";
import { clip, pad } from "../terminal/text-width.ts";

/** How a log is drawn. */
export interface LogStyle {
  readonly width: number;
  readonly palette: Palette;
}

const TIME_WIDTH = 10;
const ID_WIDTH = 24;
const TYPE_WIDTH = 12;

/** Every node in the order of the log, one line each: seconds since the start, id, type and what it says. */
export function* logLines(graph: Graph, { width, palette }: LogStyle): Generator<string> {
  let start: number | null = null;
  for (const node of graph.walk()) {
    start ??= node.startedAt;
    const time = `+${((node.endedAt - start) / 1000).toFixed(3)}s`.padStart(TIME_WIDTH);
    const what = `${NODE_LETTERS[node.type]}  ${pad(node.type, TYPE_WIDTH)}`;
    const line = clip(`${time}  ${pad(node.id, ID_WIDTH)}  ${what} ${nodeText(node)}`.trimEnd(), width);
    yield node.type === "error" ? palette.red(line) : line;
  }
}
