import { charCodeAt, stringIndexOf, Uint32ArrayConstructor } from "../realm/primordials.ts";

/** Up to this length the engine's own search, which may compare every character of it at every place. */
const SHORT = 32;

/** Finds a fixed text in time linear in the text searched. Gives -1 when it is not there. */
export function literalSearch(literal: string): (text: string, from: number) => number {
  if (literal.length <= SHORT) return (text, from) => stringIndexOf(text, literal, from);
  const fallback = borders(literal);
  return (text, from) => {
    let matched = 0;
    for (let i = from; i < text.length; i += 1) {
      const unit = charCodeAt(text, i);
      while (matched > 0 && charCodeAt(literal, matched) !== unit) matched = fallback[matched - 1] ?? 0;
      if (charCodeAt(literal, matched) === unit) matched += 1;
      if (matched === literal.length) return i - literal.length + 1;
    }
    return -1;
  };
}

/** For each prefix the length of its longest proper border (Knuth, Morris and Pratt, 1977). */
function borders(literal: string): Uint32Array {
  const lengths = new Uint32ArrayConstructor(literal.length);
  let length = 0;
  for (let i = 1; i < literal.length; i += 1) {
    const unit = charCodeAt(literal, i);
    while (length > 0 && charCodeAt(literal, length) !== unit) length = lengths[length - 1] ?? 0;
    if (charCodeAt(literal, length) === unit) length += 1;
    lengths[i] = length;
  }
  return lengths;
}
