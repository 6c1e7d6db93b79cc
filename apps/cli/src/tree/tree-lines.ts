import {
  costText,
  formatCount,
  formatDuration,
  type Glyphs,
  NODE_LETTERS,
  type TreeItem,
} from "@rlmflow/render";
import type { Palette } from "../terminal/palette.ts";
import { clip, columns, pad } from "../terminal/text-width.ts";

/** How a tree is drawn. */
export interface TreeStyle {
  /** Columns that a line may take. */
  readonly width: number;
  readonly glyphs: Glyphs;
  readonly palette: Palette;
  /** Whole ids in place of names. */
  readonly ids: boolean;
}

interface Row {
  readonly item: TreeItem;
  readonly prefix: string;
  readonly left: string;
  readonly right: string;
}

const LABEL_WIDTH = 12;
/** `#12`: what stands behind the agent's id in the id of a node. */
const PLACE_WIDTH = 3;
const LEAST_LEFT = 24;

/** The tree as lines of which none is wider than asked, one for each item. */
export function treeLines(tree: TreeItem, style: TreeStyle): readonly string[] {
  const rows = [...walk(tree, style)];
  const widestRight = rows.reduce((widest, row) => Math.max(widest, columns(row.right)), 0);
  const widestLeft = rows.reduce(
    (widest, row) => Math.max(widest, columns(row.prefix) + columns(row.left)),
    0,
  );
  const leftWidth = Math.min(
    widestLeft,
    Math.max(Math.min(LEAST_LEFT, style.width), style.width - widestRight - 2),
  );
  return rows.map((row) => drawRow(row, leftWidth, style));
}

function* walk(tree: TreeItem, style: TreeStyle): Generator<Row> {
  const { branch, lastBranch, pass, space } = style.glyphs;
  const pending = [{ item: tree, prefix: "", below: "" }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { item, prefix, below } = next;
    yield { item, prefix, left: leftText(item, style), right: rightText(item, style.glyphs) };
    const last = item.children.length - 1;
    for (let index = last; index >= 0; index -= 1) {
      const child = item.children[index];
      if (child === undefined) continue;
      const [mark, under] = index === last ? [lastBranch, space] : [branch, pass];
      pending.push({ item: child, prefix: below + mark, below: below + under });
    }
  }
}

function drawRow(row: Row, leftWidth: number, style: TreeStyle): string {
  const { palette, glyphs, width } = style;
  const prefix = clip(row.prefix, Math.max(0, leftWidth - 8), glyphs.ellipsis);
  const left = clip(row.left, leftWidth - columns(prefix), glyphs.ellipsis);
  const right = clip(row.right, Math.max(0, width - leftWidth - 2), glyphs.ellipsis);
  const gap = right === "" ? "" : " ".repeat(leftWidth - columns(prefix) - columns(left) + 2);
  return palette.dim(prefix) + paintLeft(row.item, left, palette) + gap + palette.dim(right);
}

function paintLeft(item: TreeItem, left: string, palette: Palette): string {
  if (item.status === "failed" || item.kind === "error") return palette.red(left);
  if (item.kind === "agent" || item.kind === "group") return palette.bold(left);
  if (item.kind === "more") return palette.dim(left);
  return item.kind === "result" ? palette.green(left) : left;
}

function leftText(item: TreeItem, { glyphs, ids }: TreeStyle): string {
  if (item.kind === "more") return moreText(item, glyphs);
  if (item.kind === "group") return groupText(item, glyphs);
  if (item.kind === "agent") {
    const sign =
      item.status === "failed" ? `${glyphs.failed} ` : item.status === "running" ? `${glyphs.running} ` : "";
    return `${sign}${ids ? item.id : item.name}  ${item.text}`;
  }
  const id = ids ? item.id : pad(item.id.slice(item.id.lastIndexOf("#")), PLACE_WIDTH);
  return `${NODE_LETTERS[item.kind]}  ${id}  ${pad(item.name, LABEL_WIDTH)} ${item.text}`.trimEnd();
}

function moreText(item: TreeItem, glyphs: Glyphs): string {
  const failed = item.failed > 0 ? ` (${glyphs.failed}${item.failed})` : "";
  return `${glyphs.ellipsis} ${item.count} more${failed}   --all | --expand ${item.id}`;
}

function groupText(item: TreeItem, glyphs: Glyphs): string {
  const spread =
    item.spread === null
      ? []
      : [
          `p50 ${formatDuration(item.spread.p50)}`,
          `p95 ${formatDuration(item.spread.p95)}`,
          `max ${formatDuration(item.spread.max)}`,
        ];
  const failed = item.failed > 0 ? [`${glyphs.failed}${item.failed}`] : [];
  return [`${item.name} ${glyphs.times}${item.count}`, ...spread, ...failed].join("  ");
}

function rightText(item: TreeItem, glyphs: Glyphs): string {
  const parts: string[] = [];
  if (item.model !== null && item.model !== "default") parts.push(item.model);
  if (item.durationMs !== null) parts.push(formatDuration(item.durationMs));
  if (item.slowest !== null) {
    const { agentId, durationMs } = item.slowest;
    parts.push(
      `${glyphs.slowest} ${agentId.slice(agentId.lastIndexOf(".") + 1)} ${formatDuration(durationMs)}`,
    );
  }
  if (item.tokens !== null) {
    parts.push(`${formatCount(item.tokens.input)}${glyphs.arrow}${formatCount(item.tokens.output)}`);
  }
  if (item.usage !== null) {
    const { input, output, requests, unknownCost, costMicroUsd } = item.usage;
    parts.push(
      input === null || output === null
        ? `${glyphs.sum}? tok`
        : `${glyphs.sum}${formatCount(input + output)} tok`,
    );
    if (costMicroUsd !== null && costMicroUsd > 0)
      parts.push(costText({ costMicroUsd, requests, unknownCost }));
  }
  return parts.join("  ");
}
