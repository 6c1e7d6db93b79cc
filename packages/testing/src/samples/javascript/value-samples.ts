import type { ValueSamples } from "../sample-programs.ts";

const NO_JSON = [
  "() => 1",
  "10n",
  "[10n]",
  "Symbol('s')",
  "cyclic",
  "{ deep: [cyclic] }",
  "[Infinity, NaN].at(0)",
];

/** Values of JavaScript on their way over the boundary. */
export const valueSamples: ValueSamples = {
  exact: (json) =>
    [
      `const value = JSON.parse(${JSON.stringify(json)});`,
      "const back = await echo(value, [value]);",
      "const isSame = JSON.stringify(back) === JSON.stringify(value);",
      "print(isSame && Object.getPrototypeOf(back ?? {}) === Object.getPrototypeOf(value ?? {}));",
    ].join("\n"),
  minusZero: "print(await echo(-0, [-0]) === 0);",
  halfPairs: (text) =>
    [
      `print(${JSON.stringify(text)});`,
      `const back = await echo(${JSON.stringify(text)}, { [${JSON.stringify(text)}]: 1 });`,
      'print(back.replaceAll("\\ufffd", "?").replace(/[\\ud800-\\udfff]/g, "?"));',
    ].join("\n"),
  long: (times) => `const text = "x\\u{1F680}".repeat(${times});\nprint(await echo(text) === text + text);`,
  deep: (json) =>
    [
      `const deep = JSON.parse(${JSON.stringify(json)});`,
      "print(JSON.stringify(await echo(deep)) === JSON.stringify(deep));",
    ].join("\n"),
  nonJson: {
    code: [
      "const cyclic = {}; cyclic.self = cyclic;",
      "const verdict = async (make) => { try { await make(); return 'sent'; } catch (error) { return error instanceof TypeError ? 'TypeError' : String(error); } };",
      `const values = [${NO_JSON.join(", ")}];`,
      "for (const value of values) print(await verdict(() => echo(value)));",
      "print(await verdict(() => done(values[0])));",
      'print(await verdict(() => delegate("a", "q", { globals: { value: 10n } })));',
      "print(await verdict(() => llmQuery(10n)));",
    ].join("\n"),
    verdicts: Array.from({ length: NO_JSON.length + 3 }, () => "TypeError"),
  },
  caught: [
    "try { await echo(1); } catch (error) {",
    "  print(JSON.stringify([error instanceof Error, error.name, error.message, error.cause?.name, error.cause?.message]));",
    "  print(JSON.stringify([Object.keys(error), String(error.stack)]));",
    "}",
  ].join("\n"),
  settled: {
    code: [
      "const settled = await Promise.allSettled([echo(0), echo(1)]);",
      "print(settled.map((one) => one.status).join());",
      "const caught = await echo(2).catch((error) => error.message);",
      "print(caught);",
    ].join("\n"),
    lines: ["fulfilled,rejected", "two"],
  },
};
