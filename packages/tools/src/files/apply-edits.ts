import { RLMError } from "@rlmflow/core";
import { showFile } from "./path-rules.ts";

/** One replacement in a text. */
export interface TextEdit {
  readonly old: string;
  readonly new: string;
  /** Replace every place; else there must be exactly one. */
  readonly all?: boolean;
}

/** Applies edits one after another, each to what the one before left. Throws `refused` when one does not fit: then none is made. */
export function applyEdits(text: string, edits: readonly TextEdit[], path: string): string {
  return edits.reduce(
    (current, edit, index) => applyEdit(current, edit, `Edit ${index} of ${showFile(path)}`),
    text,
  );
}

function applyEdit(text: string, edit: TextEdit, where: string): string {
  if (edit.old === "")
    throw refused(`${where} has an empty "old". Name the text to replace; writeFile writes a whole file.`);
  const pieces = text.split(edit.old);
  const found = pieces.length - 1;
  if (found === 0)
    throw refused(
      `${where} does not apply: its "old" text does not occur${hint(text, edit.old)}. No edit was made.`,
    );
  if (found > 1 && edit.all !== true) {
    throw refused(
      `${where} is not clear: its "old" text occurs ${found} times. Give more text around it, or all: true. No edit was made.`,
    );
  }
  return pieces.join(edit.new);
}

/** The commonest reasons why a text is not found. */
function hint(text: string, old: string): string {
  if (text.includes("\r\n") && old.includes("\n") && text.includes(old.replaceAll("\n", "\r\n")))
    return ' (the file\'s lines end with "\\r\\n")';
  if (text.normalize("NFC").includes(old.normalize("NFC")))
    return " (it does, but with another Unicode form: copy it from what readFile gave)";
  const trimmed = old.trim();
  if (trimmed !== "" && text.includes(trimmed)) return " (it does without the blanks around it)";
  return text.toLowerCase().includes(old.toLowerCase()) ? " (it does in other letter case)" : "";
}

function refused(message: string): RLMError {
  return new RLMError("refused", message);
}
