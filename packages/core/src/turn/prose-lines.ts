/** Three words or more that begin like a sentence, with nothing in them that code has and prose has not. */
const PROSE = /^[ \t]*[A-Z][\w'’]*,?(?:[ \t]+[\w'’"/%.-]+[,;:]?){2,}[.:!?]?[ \t]*$/;

/** The lines without prose and empty lines at their beginning. */
export function withoutLeadingProse(lines: readonly string[]): readonly string[] {
  const first = lines.findIndex((line) => line.trim() !== "" && !PROSE.test(line));
  return first === -1 ? [] : lines.slice(first);
}
