import type { Edit } from "../edit.ts";
import { decode } from "./check.ts";
import { edit } from "./config-check.ts";

/** Takes a parsed value for an edit, checked and frozen; else `invalid_options` naming the place below `where`. */
export function decodeEdit(value: unknown, where: string): Edit {
  const advice =
    "Of a run's config an edit changes the limits of its agents; maxConcurrency, maxRetries and the like are the flow's own.";
  return decode(edit, value, { where, what: "an edit", code: "invalid_options", advice });
}
