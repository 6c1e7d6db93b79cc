import type { Language } from "../protocols/language.ts";

/** A word, with what may stand before it and be written otherwise together with it. */
const WORDS = /(?:\.{3}|\ban )?[A-Za-z_]\w*/g;

/** A text of the host's own, its vocabulary written as agents of this language write it. */
export function spelled(text: string, { spellings }: Pick<Language, "spellings">): string {
  if (spellings === undefined) return text;
  const known = new Map(Object.entries(spellings));
  return text.replace(WORDS, (word) => known.get(word) ?? word);
}
