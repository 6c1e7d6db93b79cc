/**
 * The only code of ours in an isolate beside the evaluator; it runs before anything hostile and closes over
 * what must not be found: the reference by which pieces of contexts are fetched. Text, because it runs in
 * another realm: `$0` is the evaluator's createRepl, `$1` the reference, `$2` the size of a piece, `$3` the spec, `$4`
 * the memory of output-mirror.ts, `$5` how many units of it are for the beginning, `$6` the reference that says that
 * there is something new in it.
 *
 * 1. Strict, so that no stack frame gives away a function or its arguments.
 * 2. Nothing is looked up, once sandboxed code has run, on an object which that code can reach.
 * 3. An activation is kept until the next entry: isolated-vm reports a stray rejection by failing whatever call is
 *    under way, and an activation lost that way could not be had again.
 */
export const BOOTSTRAP = `"use strict";
const createRepl = $0, reference = $1, size = $2, spec = $3;
const options = { __proto__: null };
const slice = Function.prototype.call.bind(String.prototype.slice);
const Failure = Error;
let keptKey, keptIndex, kept;
const piece = (key, index) => {
  if (keptKey === key && keptIndex === index) return kept;
  const text = reference.applySyncPromise(undefined, [key, index], options)[0];
  if (typeof text !== "string") throw new Failure("CONTEXT could not be read");
  keptKey = key;
  keptIndex = index;
  kept = text;
  return text;
};
const readContext = (key, start, end) => {
  let text = "";
  let position = start;
  while (position < end) {
    const offset = position % size;
    const part = slice(piece(key, (position - offset) / size), offset, offset + end - position);
    if (part === "") throw new Failure("CONTEXT ended early");
    text += part;
    position += part.length;
  }
  return text;
};
const counts = new Float64Array($4, 0, 2), news = new Int32Array($4, 16, 1), units = new Uint16Array($4, 24);
const headSize = $5, tailSize = units.length - headSize, told = $6, { exchange } = Atomics;
const codeAt = Function.prototype.call.bind(String.prototype.charCodeAt);
const mirror = (text) => {
  let at = 0;
  let head = counts[0];
  while (head < headSize && at < text.length) units[head++] = codeAt(text, at++);
  counts[0] = head;
  if (text.length - at > tailSize) {
    counts[1] += text.length - tailSize - at;
    at = text.length - tailSize;
  }
  let written = counts[1];
  while (at < text.length) units[headSize + written++ % tailSize] = codeAt(text, at++);
  counts[1] = written;
  if (exchange(news, 0, 1) === 0) told.applyIgnored(undefined, []);
};
const repl = createRepl(spec, readContext, mirror);
let activation;
return {
  __proto__: null,
  enter: (isDelivery, json) => {
    activation = undefined;
    counts[0] = counts[1] = 0;
    if (isDelivery) repl.deliver(json);
    else repl.start(json);
  },
  stray: (json) => repl.strayText(json),
  take: () => {
    if (activation === undefined) activation = repl.activation();
    return activation;
  },
};`;
