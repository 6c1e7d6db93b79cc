const STOP = /[.!?…]["'`)\]}»”]*$/u;

/** A count with its noun: `1 node`, `31 nodes`, `2 replies`. */
export function counted(count: number, noun: string, plural: string = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : plural}`;
}

/** A text that others wrote as a sentence: with a full stop unless it ends as a sentence does. */
export function sentence(text: string): string {
  const told = text.trim();
  return STOP.test(told) ? told : `${told.replace(/[\s,;:]+$/u, "")}.`;
}

/** Parts of a message as one text: each but the last, which stays as it is, a {@link sentence}; empty ones left out. */
export function sentences(...parts: readonly string[]): string {
  const told = parts.map((part) => part.trim()).filter((part) => part !== "");
  return told.map((part, place) => (place === told.length - 1 ? part : sentence(part))).join(" ");
}

/** The name of a language as people write it. */
export function languageName(language: string): string {
  const [first = "", ...rest] = language;
  return language === "javascript" ? "JavaScript" : first.toUpperCase() + rest.join("");
}
