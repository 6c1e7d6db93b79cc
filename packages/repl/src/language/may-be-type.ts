/** How types look at the place where a reader of JavaScript gives up. */
const AT_TYPE =
  /^(?::|\?\s*[:,)=(]|<|!|\)\s*:|this\s*:|(?:as|satisfies|implements|enum|private|public|protected|readonly)\b)/;

/** Words that a type or a modified member follows. */
const AFTER_WORD =
  /\b(?:interface|type|declare|abstract|namespace|module|private|public|protected|readonly|override)\s+$/;

/** `(a?, b?) => a`: a question mark that no value follows. */
const AFTER_OPTIONAL = /[\w$]\?\s*$/;
const AT_END_OF_PARAMETER = /^[,)=]/;

/** `new Map<string, number[]>()` and `async <T>(x) => x` read as comparisons up to here. */
const IN_GENERIC = /(?:\bnew\s+[\w.]+|\basync)\s*<[^;\n]*$/;

const LOOKED_AT = 200;

/**
 * True when JavaScript stops making sense at this place because TypeScript may begin there. Keeps every other
 * mistake from being read as TypeScript, which is slow and makes a worse message of it.
 */
export function mayBeType(code: string, at: number): boolean {
  const before = code.slice(Math.max(0, at - LOOKED_AT), at);
  const ahead = code.slice(at, at + LOOKED_AT);
  return (
    AT_TYPE.test(ahead) ||
    AFTER_WORD.test(before) ||
    IN_GENERIC.test(before) ||
    (AFTER_OPTIONAL.test(before) && AT_END_OF_PARAMETER.test(ahead))
  );
}
