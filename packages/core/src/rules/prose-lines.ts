/** Three words or more that begin like a sentence and hold nothing that occurs only in code. */
const PROSE = /^[ \t]*[A-Z][\w'’]*,?(?:[ \t]+[\w'’"/%.-]+[,;:]?){2,}[.:!?]?[ \t]*$/;

/** The lines without prose and empty lines at their beginning. */
export function withoutLeadingProse(lines: readonly string[]): readonly string[] {
  const first = lines.findIndex((line) => line.trim() !== "" && !PROSE.test(line));
  return first === -1 ? [] : lines.slice(first);
}
