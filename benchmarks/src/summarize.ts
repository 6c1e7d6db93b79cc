import type { Finding } from "./row.ts";

/** The middle value, and the outermost ones as spread. */
export interface Summary {
  readonly value: number;
  readonly least: number;
  readonly most: number;
}

/** Median and spread of the samples. */
export function summarize(samples: readonly number[]): Summary {
  const sorted = samples.toSorted((a, b) => a - b);
  return { value: quantile(sorted, 0.5), least: quantile(sorted, 0), most: quantile(sorted, 1) };
}

/** The value below which this part of the samples lies; between two samples the upper one. */
export function quantile(samples: readonly number[], part: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  const index = Math.min(sorted.length - 1, Math.floor(part * sorted.length));
  return sorted[index] ?? Number.NaN;
}

/** `median (least–most) unit` for the text of a row. */
export function spelled(samples: readonly number[], unit: string): string {
  const { value, least, most } = summarize(samples);
  return `${rounded(value)} (${rounded(least)}–${rounded(most)}) ${unit}`;
}

/** A finding whose number is the median of these samples. */
export function finding(
  samples: readonly number[],
  rest: Omit<Finding, "value" | "least" | "most">,
): Finding {
  return { ...summarize(samples), ...rest };
}

/** Three significant digits, without an exponent. */
export function rounded(value: number): string {
  if (!Number.isFinite(value)) return "?";
  const digits = value === 0 ? 0 : Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toFixed(Math.min(4, digits));
}
