import type { ContextSamples } from "../sample-programs.ts";

const show = (expression: string): string =>
  `import json, re\nprint(json.dumps(${expression}, ensure_ascii=False))`;

/** CONTEXT in Python. */
export const contextSamples: ContextSamples = {
  info: show("CONTEXT.info()"),
  ranges: show(
    "[CONTEXT.read(), CONTEXT.read(6, 10), CONTEXT.read(-4), CONTEXT.read(40, 9999), CONTEXT.read(5, 5)]",
  ),
  lineCount: "print(CONTEXT.line_count())",
  lines: show("[CONTEXT.lines(), CONTEXT.lines(1, 3), CONTEXT.lines(-1)]"),
  grep: {
    text: show('CONTEXT.grep("needle")'),
    expression: show('CONTEXT.grep(re.compile("N[e]+DLE", re.I))'),
    absent: show('CONTEXT.grep("absent")'),
    first: show('CONTEXT.grep(re.compile("line$"), 1)'),
  },
  slices: [
    "shown = lambda part: [part.key, part.start, part.end, part.length, part.text(), str(part)]",
    show("[shown(part) for part in [*CONTEXT.chunks(4), CONTEXT.slice(3, 7)]]"),
  ].join("\n"),
  slicesToCalls: "echo(CONTEXT.slice(1, 3)); llm_query(CONTEXT.slice(2, 4))",
  pairs: [
    "texts = [CONTEXT.read(0, 3), CONTEXT.read(3, 5), CONTEXT.read(1, 2), *[part.text() for part in CONTEXT.chunks(5)]]",
    "whole = not any('\\ud800' <= sign <= '\\udfff' for text in texts for sign in text)",
    show("[whole, texts[0], texts[1], ''.join(texts[3:])]"),
  ].join("\n"),
  range: show("CONTEXT.read(500000, 500010)"),
  whole: 'whole = CONTEXT.read(); print(len(whole.encode("utf-16-le")) // 2); echo(whole)',
  pieces: show("[CONTEXT.line_count(), ''.join(part.text() for part in CONTEXT.chunks(65536)) == whole]"),
  several: show(
    '[CONTEXT.keys(), CONTEXT.get("one").read(), CONTEXT.get("__proto__").lines(), CONTEXT.get("one").info().key]',
  ),
  ambiguous: ["CONTEXT.read(0, 1)", "CONTEXT.lines()", 'CONTEXT.get("two")'],
  all: show("CONTEXT.read()"),
  some: "CONTEXT.read(0, 1)",
  keys: show("CONTEXT.keys()"),
  unreadable: [
    "import traceback",
    "try:",
    "    CONTEXT.read()",
    "except Exception as error:",
    "    print('true', error, repr(error), traceback.format_exception_only(type(error), error))",
  ].join("\n"),
  reads: "one = CONTEXT.get('one'); one.read(2, 4); one.read(3, 6); one.read(8, 9); one.slice(0, 2)",
  readsAndThrows: "CONTEXT.get('two').read(0, 1)\nraise Exception('enough')",
  readsNothing: "1",
};
