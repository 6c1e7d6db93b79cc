import type { Kernel } from "../protocols/kernel.ts";

/** A word, with what may stand before it and be written otherwise together with it. */
const WORDS = /(?:\.{3}|\ban )?[A-Za-z_]\w*/g;

/** A text of the host's own, its vocabulary written as agents of this language write it. */
export function spelled(text: string, { spellings }: Pick<Kernel, "spellings">): string {
  if (spellings === undefined) return text;
  const known = new Map(Object.entries(spellings));
  return text.replace(WORDS, (word) => known.get(word) ?? word);
}

/** The name of a kernel's language as people write it. */
export function languageName(language: string): string {
  const [first = "", ...rest] = language;
  return language === "javascript" ? "JavaScript" : first.toUpperCase() + rest.join("");
}
