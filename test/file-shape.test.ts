import { describe, expect, it } from "vitest";
import { shapeViolations } from "./shape-rules.ts";
import { readSources } from "./source-files.ts";

describe("the files of every package", () => {
  it("keep the house style", () => {
    const sources = readSources();
    expect(sources.length).toBeGreaterThan(0);
    expect(sources.flatMap(shapeViolations)).toEqual([]);
  });
});

describe("the rules about files", () => {
  it.each([
    ["packages/core/src/data/RunNode.ts", "RunNode is not kebab-case"],
    ["packages/core/src/run_data/node.ts", "run_data is not kebab-case"],
    ["packages/core/src/utils.ts", "utils says nothing"],
    ["packages/core/src/data/types.ts", "types says nothing"],
    ["packages/core/src/internals/node.ts", "internals says nothing"],
  ])("refuse the name %s", (path, says) => {
    expect(shapeViolations({ path, text: "" })).toEqual([`${path}: ${says}`]);
  });

  const path = "packages/core/src/a.ts";

  it.each([
    ["any", "export let a: any;"],
    ["any", "export const a = b as any;"],
    ["enum", "export enum A { B }"],
    ["enum", "export const enum A { B }"],
    ["namespace", "namespace A { export const b = 1; }"],
    ["decorator", "@sealed class A {}"],
    ["default export", "export default 1;"],
    ["default export", "export default function a() {}"],
    ["default export", "export { a as default };"],
    ["a check is suppressed", "// @ts-expect-error: wrong"],
    ["a check is suppressed", "/* biome-ignore lint: no */"],
    ["a check is suppressed", "f(a, // eslint-disable-line\n b);"],
    ["something is left to do", "/** TODO: write */ export const a = 1;"],
    ["something is left to do", "export {}; // FIXME"],
  ])("refuse %s: %s", (says, text) => {
    expect(shapeViolations({ path, text })).toEqual([`${path}:1: ${says}`]);
  });

  it("refuse long files and long functions", () => {
    const statements = (count: number) => "f();\n".repeat(count);
    expect(shapeViolations({ path, text: statements(330) })).toEqual([]);
    expect(shapeViolations({ path, text: statements(331) })).toEqual([`${path}: 331 lines, at most 330`]);
    expect(shapeViolations({ path, text: `const a = () => {\n${statements(68)}};\n` })).toEqual([]);
    expect(shapeViolations({ path, text: `const a = () => {\n${statements(69)}};\n` })).toEqual([
      `${path}:1: a function of 71 lines, at most 70`,
    ]);
  });

  it("allow what only looks refused", () => {
    const text = [
      'export const prompt = "TODO: any enum // @ts-ignore";',
      `export const text = \`// \${prompt} // TODO\`;`,
      "switch (prompt) { default: }",
      "/** Takes any value. */",
      "declare global { var a: string }",
    ].join("\n");
    expect(shapeViolations({ path, text })).toEqual([]);
  });
});
