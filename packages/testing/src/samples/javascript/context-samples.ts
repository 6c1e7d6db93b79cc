import type { ContextSamples } from "../sample-programs.ts";

const grep = (args: string): string => `print(JSON.stringify(CONTEXT.grep(${args})));`;

/** CONTEXT in JavaScript. */
export const contextSamples: ContextSamples = {
  info: "print(JSON.stringify(CONTEXT.info()));",
  ranges:
    "print(JSON.stringify([CONTEXT.read(), CONTEXT.read(6, 10), CONTEXT.read(-4), CONTEXT.read(40, 9999), CONTEXT.read(5, 5)]));",
  lineCount: "print(CONTEXT.lineCount());",
  lines: "print(JSON.stringify([CONTEXT.lines(), CONTEXT.lines(1, 3), CONTEXT.lines(-1)]));",
  grep: {
    text: grep('"needle"'),
    expression: grep("/N[e]+DLE/i"),
    absent: grep('"absent"'),
    first: grep("/line$/, 1"),
  },
  slices: [
    "const shown = (slice) => [slice.key, slice.start, slice.end, slice.length, slice.text(), String(slice)];",
    "print(JSON.stringify([...CONTEXT.chunks(4), CONTEXT.slice(3, 7)].map(shown)));",
  ].join("\n"),
  slicesToCalls: "echo(CONTEXT.slice(1, 3)); llmQuery(CONTEXT.slice(2, 4));",
  pairs: [
    "const texts = [CONTEXT.read(0, 3), CONTEXT.read(3, 5), CONTEXT.read(1, 2), ...CONTEXT.chunks(5).map((chunk) => chunk.text())];",
    "print(JSON.stringify([texts.every((text) => text.isWellFormed()), texts[0], texts[1], texts.slice(3).join('')]));",
  ].join("\n"),
  range: "print(JSON.stringify(CONTEXT.read(500000, 500010)));",
  whole: "const whole = CONTEXT.read(); print(whole.length); echo(whole);",
  pieces:
    "print(JSON.stringify([CONTEXT.lineCount(), CONTEXT.chunks(65536).map((part) => part.text()).join('') === whole]));",
  several:
    'print(JSON.stringify([CONTEXT.keys(), CONTEXT.get("one").read(), CONTEXT.get("__proto__").lines(), CONTEXT.get("one").info().key]));',
  ambiguous: ["CONTEXT.read(0, 1)", "CONTEXT.lines()", 'CONTEXT.get("two")'],
  all: "print(JSON.stringify(CONTEXT.read()));",
  some: "CONTEXT.read(0, 1)",
  keys: "print(JSON.stringify(CONTEXT.keys()));",
  unreadable:
    "try { CONTEXT.read(); } catch (error) { print(error instanceof Error, error.message, error.stack); }",
  reads: "const one = CONTEXT.get('one'); one.read(2, 4); one.read(3, 6); one.read(8, 9); one.slice(0, 2);",
  readsAndThrows: "CONTEXT.get('two').read(0, 1); throw new Error('enough');",
  readsNothing: "1",
};
