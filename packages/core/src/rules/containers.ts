import type { LineCursor } from "./line-cursor.ts";

/** A block quote, or a list item whose content stands `width` columns in. */
export type Container =
  | { readonly kind: "quote" }
  | { readonly kind: "item"; readonly width: number; readonly startsBlank: boolean };

/** Deeper nesting than this is read as text, so that a hostile line cannot make every later one expensive. */
export const MAX_CONTAINERS = 64;

const BULLET = "-+*";
const ORDERED = /[0-9]{1,9}[.)]/y;
const THEMATIC_BREAK = /^(?:(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,})$/;

/**
 * Takes the marks of the open containers from the line and says how many of them it continues.
 * With `loose` a line that is indented too little still belongs to its list item.
 */
export function matchContainers(
  cursor: LineCursor,
  containers: readonly Container[],
  loose: boolean = false,
): number {
  let matched = 0;
  for (const container of containers) {
    const goesOn =
      container.kind === "quote" ? takeQuoteMark(cursor) : continueItem(cursor, container, loose);
    if (!goesOn) break;
    matched += 1;
  }
  return matched;
}

/** Takes the mark of a container that begins here, if one does. */
export function openContainer(cursor: LineCursor, interruptsParagraph: boolean): Container | null {
  if (takeQuoteMark(cursor)) return { kind: "quote" };
  return openItem(cursor, interruptsParagraph);
}

function takeQuoteMark(cursor: LineCursor): boolean {
  const indent = cursor.indent();
  if (indent > 3 || cursor.text[cursor.next()] !== ">") return false;
  cursor.skipSpace(indent);
  cursor.skipCharacters(1);
  cursor.skipSpace(1);
  return true;
}

function continueItem(
  cursor: LineCursor,
  item: Extract<Container, { kind: "item" }>,
  loose: boolean,
): boolean {
  if (cursor.blank()) {
    if (item.startsBlank) return false;
    cursor.skipSpace(item.width);
    return true;
  }
  if (cursor.indent() < item.width && !loose) return false;
  cursor.skipSpace(item.width);
  return true;
}

function openItem(cursor: LineCursor, interruptsParagraph: boolean): Container | null {
  const marker = listMarker(cursor.text, cursor.next());
  if (marker === "" || isThematicBreak(cursor.text.slice(cursor.next()))) return null;
  const after = cursor.text.slice(cursor.next() + marker.length);
  if (!/^(?:[ \t]|$)/.test(after)) return null;
  const startsBlank = /^[ \t]*$/.test(after);
  if (interruptsParagraph && (startsBlank || (marker.length > 1 && !/^1[.)]$/.test(marker)))) return null;
  const indent = cursor.indent();
  cursor.skipSpace(indent);
  cursor.skipCharacters(marker.length);
  const space = cursor.indent();
  const padding = startsBlank || space > 4 ? 1 : space;
  cursor.skipSpace(padding);
  return { kind: "item", width: indent + marker.length + padding, startsBlank };
}

function listMarker(text: string, at: number): string {
  const character = text[at];
  if (character !== undefined && BULLET.includes(character)) return character;
  ORDERED.lastIndex = at;
  return ORDERED.exec(text)?.[0] ?? "";
}

/** True for `***`, `- - -`, `___` and the like, the line's indentation taken off. */
export function isThematicBreak(text: string): boolean {
  return THEMATIC_BREAK.test(text);
}
