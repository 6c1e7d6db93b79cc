import type { RepeatSamples } from "../sample-programs.ts";

/** What could differ from REPL to REPL, in JavaScript. */
export const repeatSamples: RepeatSamples = {
  clocks:
    "print(JSON.stringify([Date.now(), new Date().getTime(), +new Date(), new Date(Date()).getTime()]));",
  clockCount: 4,
  busy: "for (let i = 0; i < 3e6; i += 1) Math.sqrt(i);",
  draw: "print(JSON.stringify(Array.from({ length: 5 }, () => Math.random())));",
  program: [
    [
      "const draws = Array.from({ length: 3 }, () => Math.random());",
      'const handles = ["a", "b"].map((name) => delegate(name, "q", { context: CONTEXT.slice(0, 3) }));',
      "const all = await Promise.allSettled([...handles, lookUp(draws, Date.now()), echo(1), echo(2)]);",
      "print(all, draws, new Date(), VARIABLES());",
      "const objects = [new Map([[1, { a: [1] }]]), new Set('ab'), /x/g, Symbol('s'), 10n, () => 1, class K {}, new Error('e')];",
      "objects",
    ].join("\n"),
    "print(CONTEXT.grep(/l/), CONTEXT.read(1, 4), Object.keys(globalThis));\necho(9); const late = 1; late",
    "const syntax = = 1;",
    "draws.push(Math.random()); all.length.nothing.more",
    "print(draws, new Error('here').stack, [3, 1, 2].toSorted(), 'ä'.localeCompare('z'), new Date().toString());",
  ],
  order: [
    "const draw = async (i) => { await echo(i); print(i, Math.random()); };",
    "await Promise.all([0, 1].map(draw));",
  ].join("\n"),
  place: [
    "const date = new Date(1700000000000);",
    "const own = Intl.DateTimeFormat().resolvedOptions();",
    "print(JSON.stringify([own.timeZone, own.locale, date.getTimezoneOffset(), date.getHours(), new Date(2020, 0, 1).getTime(),",
    "  Date.parse('2020-06-01T00:00:00'), date.toString(), date.toLocaleString(), date.toLocaleDateString(), date.toLocaleTimeString(),",
    "  (1234567.891).toLocaleString(), ['z', 'ä', 'a'].sort((a, b) => a.localeCompare(b)),",
    "  new Intl.NumberFormat().format(1234.5), typeof Temporal === 'object' ? Temporal.Now.timeZoneId() : null]));",
  ].join("\n"),
  globals: "print(JSON.stringify(Object.getOwnPropertyNames(globalThis)));",
  addsGlobal: "globalThis.mine = 1;",
};
