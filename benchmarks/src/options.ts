import { parseArgs } from "node:util";
import { rows } from "./rows.ts";

/** What the command is asked to do. */
export interface Options {
  readonly ids: readonly number[];
  readonly runs: number;
  readonly quick: boolean;
  readonly write: boolean;
}

const RUNS = 7;
const QUICK_RUNS = 2;

export const USAGE = "pnpm bench [-- [--row <number>]... [--runs <count>] [--quick] [--write]]";

/** Reads the command line. Throws a TypeError that says what is wrong. */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    // pnpm hands on the `--` that sets its own options apart.
    args: args.filter((arg) => arg !== "--"),
    options: {
      row: { type: "string", multiple: true, default: [] },
      runs: { type: "string" },
      quick: { type: "boolean", default: false },
      write: { type: "boolean", default: false },
    },
  });
  const ids = values.row.map(Number);
  const known = rows.map(({ id }) => id);
  const unknown = values.row.filter((_, index) => !known.includes(ids[index] ?? -1));
  if (unknown.length > 0)
    throw new TypeError(`There is no row ${unknown.join(", ")}; rows are ${known.join(", ")}.`);
  const runs = Number(values.runs ?? (values.quick ? QUICK_RUNS : RUNS));
  if (!Number.isInteger(runs) || runs < 1)
    throw new TypeError("--runs must be a whole number of at least 1.");
  if (values.write && values.quick)
    throw new TypeError("--write keeps full measurements only: leave out --quick.");
  return { ids: ids.length === 0 ? known : ids, runs, quick: values.quick, write: values.write };
}
