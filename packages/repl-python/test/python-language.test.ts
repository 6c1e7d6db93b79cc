import { type AgentView, defaultPrompt } from "@rlmflow/core";
import { describe, expect, test } from "vitest";
import { processorMs } from "../../../test/processor-time.ts";
import { agentView } from "../../core/test/rules/prompt/agent-view.ts";
import { python } from "../src/index.ts";

const OPTIONS = { canDelegate: true, hasContext: true, severalContexts: false, hasTools: true };

describe("parses", () => {
  test.each([
    "",
    "results = yield wait(a, b)",
    "[await f(x) async for x in y if (z := 1)]",
    "match x:\n  case {'a': 1, **rest}: pass",
    "def f[T](a: T, /, *, b: int = 1) -> T: ...",
    "try:\n  pass\nexcept* ValueError as error:\n  pass",
    "f'{x!r:>{w}} {a['b']}'",
    "text = '''\n```\n'''",
    "# ```",
  ])("takes %j", (code) => {
    expect(python.parses(code)).toBeNull();
  });

  test("shows where code stops being Python, and how to write it", () => {
    expect(python.parses("a = 1\nconst b = 2;")).toBe(
      [
        "SyntaxError: invalid syntax (line 2, column 7)",
        "  2 | const b = 2;",
        "            ^",
        "This REPL runs Python, not JavaScript: write `b = 2`, without const or let.",
      ].join("\n"),
    );
  });

  test.each<[string, string]>([
    ["let { a } = b;", "without const or let"],
    ["async function f(a) {\n}", "write `async def f(a):`."],
    ["function count(text, n) {\n}", "write `def count(text, n):`, or `async def` to use await in it."],
    ["const x = 1; console.log(x);", "write `x = 1`, without const or let."],
    ["const f = () => 1;", "without const or let"],
    ["Now I will count the errors:", "This line is prose: write it outside the fence, or behind `#`."],
    ["I cannot access the file.", "This line is prose"],
    ["items.map((item) => item.length)", "lambda"],
    ["import fs from 'node:fs'", "import name"],
    ["if (a > 1) {\n}", "elif"],
    ["} else if (a) {", "elif"],
    ["for (const item of items) {\n}", "write `for item in items:`."],
    ["try {\n}", "except Exception as error:"],
    ["throw new Error('no')", "raise ValueError"],
    ["x = new Map()", "without new"],
    ["x = `a b`", 'f"{name}"'],
    ["// a comment", "Comments begin with `#`."],
    ["x = a === b", "`==`"],
    ["x = a && b", "`and`"],
    ["x = !a", "`not`"],
    ["x = a ? 1 : 2", "value if test else other"],
    ["count++", "count += 1"],
    ["%timeit f()", "a notebook's"],
    ["!pip install pandas", "a notebook's"],
    ["!ls", "a notebook's"],
    ["!a && b()", "`not`"],
  ])("%j is answered with %j", (code, hint) => {
    expect(python.parses(code)).toContain(hint);
  });

  test("takes time linear in the code, whatever it is", async () => {
    for (const piece of ["(", "[a, ", "if x:\n ", "f'{", "x = = ", "a.b(c)[d]\n", "\t \n", "'"]) {
      const timeOf = (times: number) => processorMs(() => python.parses(piece.repeat(times)));
      const [small, large] = [await timeOf(2_000), await timeOf(40_000)];
      expect(large, piece).toBeLessThan((small + 50) * 20 * 5);
    }
  });
});

describe("the prompt", () => {
  test.each([true, false])("teaches by code that parses, several contexts: %s", (severalContexts) => {
    const sections = python.promptSections({ ...OPTIONS, severalContexts });
    expect(sections.map(({ name }) => name)).toEqual([
      "repl",
      "context",
      "llm",
      "delegation",
      "tool-calls",
      "done",
    ]);
    const blocks = sections.flatMap(({ text }) =>
      [...text.matchAll(/^```repl\n(.*?)\n```$/gms)].map(([, code]) => code ?? ""),
    );
    expect(blocks.length).toBe(5);
    for (const code of blocks) expect(python.parses(code), code).toBeNull();
  });

  test("leaves out what an agent does not have", () => {
    const nothing = { canDelegate: false, hasContext: false, severalContexts: false, hasTools: false };
    expect(python.promptSections(nothing).map(({ name }) => name)).toEqual(["repl", "llm", "done"]);
  });

  test("does not forbid to print an input that it asks to print", () => {
    const contexts = [{ key: "doc", characters: 3_000, digest: "0".repeat(64) }];
    const small = defaultPrompt().render({ ...AGENT, contexts });
    expect(small).toContain("print it where you have to read it");
    expect(small).not.toMatch(/not to print|never print/);
  });

  test("says nothing of JavaScript, in the default prompt of an agent with tools either", () => {
    const prompt = defaultPrompt().render(AGENT);
    expect(prompt).toContain("by writing Python that runs in a REPL");
    expect(prompt).toContain("await read_file(path: str, max: int = None) -> str");
    expect(prompt).not.toMatch(/JavaScript|llmQuery|Promise|const |=>|console\./);
    expect(prompt.length).toBeLessThan(4_500);
  });
});

const AGENT: AgentView = agentView({
  contexts: [{ key: "context", characters: 10, digest: "0" }],
  output: { type: "integer" },
  tools: [
    {
      name: "read_file",
      description: "Reads a file.",
      parameters: [
        { name: "path", type: "string", required: true },
        { name: "max", type: "integer", required: false },
      ],
      returns: "string",
    },
  ],
  language: python,
});
