const ESC = String.fromCharCode(0x1b);
const BELL = String.fromCharCode(0x07);
const TERMINATOR = String.fromCharCode(0x9c);

/** Operating system commands, device control strings and their like, with what they carry. */
const STRINGS = new RegExp(
  `(?:${ESC}[\\]PX^_]|[\\u0090\\u0098\\u009d-\\u009f])[^${BELL}${ESC}${TERMINATOR}]*(?:${BELL}|${ESC}\\\\|${TERMINATOR})?`,
  "gu",
);
/** Cursor movement, colours and other control sequences. */
const SEQUENCES = new RegExp(`(?:${ESC}\\[|\\u009b)[0-?]*[ -/]*[@-~]?|${ESC}[ -/]*[0-~]?`, "gu");
/** Marks that turn the direction of writing and so can show a text in another order than it has. */
const DIRECTION = /[\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/gu;

/**
 * Text that others wrote, safe to write to a terminal: without control sequences, control characters but
 * newlines and tabs, and direction marks. Every such text goes through here, or through {@link oneLine}.
 */
export function plainText(text: string): string {
  return text
    .replace(/\r\n?|[\u2028\u2029]/gu, "\n")
    .replace(STRINGS, "")
    .replace(SEQUENCES, "")
    .replace(DIRECTION, "")
    .replace(/[^\P{Cc}\n\t]/gu, "")
    .toWellFormed();
}

/** The beginning of a text as one plain line, white space made single; at most `limit` UTF-16 units of it are read. */
export function oneLine(text: string, limit: number = 2000): string {
  return plainText(text.slice(0, limit)).replace(/\s+/gu, " ").trim();
}
