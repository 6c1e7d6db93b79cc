import { parser } from "@lezer/python";

const strictParser = parser.configure({ strict: true });

/** Where a text stops being Python; `null` when it is Python from beginning to end. */
export type ParseFailure = { readonly at: number } | null;

/**
 * Parses Python, top-level `await` and `yield` included. Linear, never throws. The grammar is a little narrower than
 * that of the newest Python, so what it refuses is a guess until Python itself has spoken.
 */
export function parsePython(code: string): ParseFailure {
  try {
    strictParser.parse(code);
    return null;
  } catch (error) {
    const place = error instanceof Error ? /\bat (\d+)$/.exec(error.message)?.[1] : undefined;
    return { at: Math.min(Number(place ?? 0), code.length) };
  }
}
