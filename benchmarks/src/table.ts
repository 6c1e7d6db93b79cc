import type { Finding } from "./row.ts";
import { rounded } from "./summarize.ts";

/** A row's findings, and how busy the machine was with other things meanwhile. */
export interface Measured {
  readonly id: number;
  readonly findings: readonly Finding[];
  readonly load: string;
}

const HEAD = [
  "| # | what | median (spread) | bar | | where it comes from | load |",
  "|---|---|---|---|---|---|---|",
];

/** The findings as a Markdown table. */
export function table(measured: readonly Measured[]): string {
  const lines = measured.flatMap(({ id, findings, load }) =>
    findings.map((finding) => {
      const cells = [
        id,
        finding.what,
        number(finding),
        bar(finding),
        verdict(finding),
        source(finding),
        load,
      ];
      return `| ${cells.join(" | ")} |`;
    }),
  );
  return [...HEAD, ...lines].join("\n");
}

function number({ value, least, most, unit }: Finding): string {
  return `${rounded(value)} ${unit} (${rounded(least)}–${rounded(most)})`;
}

function bar({ bar, unit }: Finding): string {
  return bar === null ? "" : `≤ ${bar} ${unit}`;
}

/** True for a number above its bar, or one that could not be had. */
export function isMissed({ value, bar }: Finding): boolean {
  return bar !== null && !(value <= bar);
}

function verdict(finding: Finding): string {
  if (finding.bar === null) return "";
  return isMissed(finding) ? "**missed**" : "met";
}

function source(finding: Finding): string {
  const limit = isMissed(finding) && finding.limitedBy !== undefined;
  return limit ? `${finding.detail}. Limited by ${finding.limitedBy}` : finding.detail;
}
