import type { Finding } from "./row.ts";
import { rounded } from "./summarize.ts";

/** A row's findings, and how busy the machine was with other things meanwhile. */
export interface Measured {
  readonly id: number;
  readonly findings: readonly Finding[];
  readonly load: string;
  /** The day on which the row was measured, and in how many runs. */
  readonly date: string;
}

const HEAD = [
  "| # | what | median (spread) | bar | | where it comes from | load | when |",
  "|---|---|---|---|---|---|---|---|",
];

/** The findings as a Markdown table. */
export function table(measured: readonly Measured[]): string {
  const lines = measured.flatMap(({ id, findings, load, date }) =>
    findings.map((finding) => {
      const cells = [
        id,
        finding.what,
        number(finding),
        bar(finding),
        verdict(finding),
        source(finding),
        load,
        date,
      ];
      return `| ${cells.join(" | ")} |`;
    }),
  );
  return [...HEAD, ...lines].join("\n");
}

/** The report with the lines of an earlier one for the rows that were not measured again. */
export function withEarlierRows(report: string, earlier: string): string {
  const idOf = (line: string) => Number(/^\| (\d+) /.exec(line)?.[1] ?? 0);
  const lines = report.split("\n");
  const measured = new Set(lines.map(idOf));
  const kept = earlier.split("\n").filter((line) => idOf(line) > 0 && !measured.has(idOf(line)));
  const head = lines.filter((line) => idOf(line) === 0);
  const body = [...lines.filter((line) => idOf(line) > 0), ...kept];
  return [...head, ...body.toSorted((a, b) => idOf(a) - idOf(b))].join("\n");
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
