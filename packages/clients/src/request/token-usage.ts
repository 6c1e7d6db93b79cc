import { UNKNOWN_USAGE, type Usage } from "@rlmflow/core";

/** Counts as a server reported them, which may be wrong. */
export interface ReportedUsage {
  readonly input: unknown;
  readonly output: unknown;
  /** Of input and output, where the API reports one. */
  readonly total?: unknown;
  readonly cached: unknown;
  readonly reasoning: unknown;
}

/** Facts about the reply with which its counts must agree. */
export interface Written {
  /** True when any text, reasoning or call of a tool arrived. */
  readonly any: boolean;
  /** True when reasoning arrived. */
  readonly reasoning: boolean;
}

/**
 * The usage that a report proves, exact or unknown. Every request has input, and every text has tokens: a zero there
 * comes from a server that does not count. If the total exceeds input and output, the server counts reasoning or cached
 * input in addition to them, and the excess is added where it belongs. If nothing explains it, the output is unknown.
 */
export function tokenUsage(reported: ReportedUsage, written: Written): Usage {
  let input = positive(reported.input);
  let output = written.any ? positive(reported.output) : reportedCount(reported.output);
  const cached = reportedCount(reported.cached);
  let reasoning = reportedCount(reported.reasoning);
  if (reasoning === 0 && written.reasoning) reasoning = null;
  const total = positive(reported.total);
  if (input !== null && output !== null && total !== null) {
    const excess = total - input - output;
    if (excess < 0) [input, output] = [null, null];
    else if (excess > 0 && excess === cached && excess !== reasoning) input += excess;
    else if (excess > 0 && (excess === reasoning || (cached ?? 0) + (reasoning ?? 0) === 0)) output += excess;
    else if (excess > 0) output = null;
  }
  // A part can't exceed its whole.
  if (cached !== null && input !== null && cached > input) input = null;
  if (reasoning !== null && output !== null && reasoning > output) output = null;
  return { ...UNKNOWN_USAGE, input, cached, output, reasoning };
}

/** A count as a provider reports it, or `null` when it reports none that can be one. */
export function reportedCount(value: unknown): number | null {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : null;
}

function positive(value: unknown): number | null {
  const count = reportedCount(value);
  return count === 0 ? null : count;
}
