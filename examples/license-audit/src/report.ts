import * as z from "zod";

/** What the agents answer, and what the plain count computes. Lists are in any order. */
export interface Report {
  readonly packages: number;
  /** How many packages declare each licence, as their package.json writes it. */
  readonly licenses: readonly { readonly license: string; readonly packages: number }[];
  /** Packages without any licence text. */
  readonly withoutText: readonly string[];
  /** Packages that ship the text of a licence which they don't declare; `shipped` is all they ship. */
  readonly otherText: readonly {
    readonly package: string;
    readonly declared: string;
    readonly shipped: readonly string[];
  }[];
  /** Packages with a licence text in which no rule finds a licence. */
  readonly unrecognised: readonly string[];
}

/** The root's answer has to fit this, or its `done` is refused and it hears why. */
export const reportSchema: z.ZodType<Report> = z.strictObject({
  packages: z.int().nonnegative(),
  licenses: z.array(z.strictObject({ license: z.string(), packages: z.int().positive() })),
  withoutText: z.array(z.string()),
  otherText: z.array(
    z.strictObject({ package: z.string(), declared: z.string(), shipped: z.array(z.string()) }),
  ),
  unrecognised: z.array(z.string()),
});

/** The report in plain words, one finding a line; in a fixed order, so that equal reports give equal lines. */
export function describeReport(report: Report): readonly string[] {
  return [
    `packages: ${report.packages}`,
    ...report.licenses.map(({ license, packages }) => `declares ${license}: ${packages}`).toSorted(),
    ...report.withoutText.map((name) => `no licence text: ${name}`).toSorted(),
    ...report.otherText.map(describeOtherText).toSorted(),
    ...report.unrecognised.map((name) => `unrecognised licence text: ${name}`).toSorted(),
  ];
}

function describeOtherText({ package: name, declared, shipped }: Report["otherText"][number]): string {
  return `text of another licence: ${name} declares ${declared}, ships ${shipped.toSorted().join(", ")}`;
}

/** The lines in which two reports differ, like those of a diff; none when they say the same. */
export function reportDifferences(expected: Report, actual: Report): readonly string[] {
  const [before, after] = [describeReport(expected), describeReport(actual)];
  return [
    ...surplus(before, after).map((line) => `- ${line}`),
    ...surplus(after, before).map((line) => `+ ${line}`),
  ];
}

/** The lines of `lines` that `others` lacks, repetitions counted. */
function surplus(lines: readonly string[], others: readonly string[]): readonly string[] {
  const left = new Map<string, number>();
  for (const line of others) left.set(line, (left.get(line) ?? 0) + 1);
  return lines.filter((line) => {
    const count = left.get(line) ?? 0;
    left.set(line, count - 1);
    return count <= 0;
  });
}
