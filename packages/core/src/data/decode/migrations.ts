import { RLMError } from "../../errors.ts";
import { FORMAT } from "../run-info.ts";
import { isPlainObject } from "./check.ts";

/** Converts values that were stored in one format to the next. Pure functions of the value. */
export interface Migration {
  readonly from: number;
  readonly node: (stored: unknown) => unknown;
  readonly runInfo: (stored: unknown) => unknown;
}

/**
 * Format 2 adds optional fields to nodes, and their absence means what format 1 meant. The `turn` of a query is its
 * `ordinal`, and its `kernel` is its `language`, whose own `language` is a `name`.
 */
const FROM_1: Migration = { from: 1, node: queryFrom1, runInfo: (stored) => stored };

/** What is not as format 1 stored it stays as it is: checking it then says what is wrong. */
function queryFrom1(stored: unknown): unknown {
  if (!isPlainObject(stored) || stored.type !== "query") return stored;
  return Object.fromEntries(
    Object.entries(stored).map(([key, value]) => {
      if (key === "turn") return ["ordinal", value];
      return key === "kernel" ? ["language", languageFrom1(value)] : [key, value];
    }),
  );
}

function languageFrom1(stored: unknown): unknown {
  if (!isPlainObject(stored)) return stored;
  return Object.fromEntries(
    Object.entries(stored).map(([key, value]) => [key === "language" ? "name" : key, value]),
  );
}

/** One migration for each format before the current one, oldest first. */
export const MIGRATIONS: readonly Migration[] = withoutGaps([FROM_1], FORMAT);

/** Returns the list if it leads from format 1 to `format` without a gap, and throws otherwise. */
export function withoutGaps(migrations: readonly Migration[], format: number): readonly Migration[] {
  const isWhole =
    migrations.length === format - 1 && migrations.every(({ from }, index) => from === index + 1);
  if (isWhole) return migrations;
  throw new RLMError(
    "unsupported_format",
    `The migrations start from the formats ${migrations.map(({ from }) => from).join(", ")}; format ${format} needs one from each of 1 to ${format - 1}, in order.`,
  );
}

/** True for a format that this version reads. */
export function isKnownFormat(format: unknown): format is number {
  return typeof format === "number" && Number.isInteger(format) && format >= 1 && format <= FORMAT;
}

/** The value as the current format stores it, from a value that was stored in `format`. */
export function migrated(what: "node" | "runInfo", stored: unknown, format: number): unknown {
  let value = stored;
  for (let from = format; from < FORMAT; from++) value = MIGRATIONS[from - 1]?.[what](value);
  return value;
}
