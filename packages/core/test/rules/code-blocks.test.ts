import { describe, expect, it } from "vitest";
import { findCode } from "../../src/rules/code-blocks.ts";
import { javascript } from "./javascript.ts";

const ONE_OTHER =
  "Only one block runs a turn: the other code block was not run. Send it in your next reply if still needed.";
const TWO_OTHERS =
  "Only one block runs a turn: the 2 other code blocks were not run. Send them in your next replies if still needed.";
const UNTAGGED = "The block had no tag and was run as JavaScript: begin it with ```repl from now on.";
const CALLED =
  "Your reply had no fence, so only the call at its end was run, as your answer: write code in a block that begins with ```repl.";
const UNFENCED = "Your reply had no fence and was run as JavaScript: begin code with ```repl from now on.";
const INVENTED = "Output that you write into a reply yourself is not real.";

function returned(call: string): string {
  return `A block is not a function, so its last statement was run without \`return\`, as ${call}.`;
}

/** A reply as a model writes it, line by line, and the code that runs. */
type Found = readonly [what: string, reply: readonly string[], code: string, notice?: string];

function run([, reply, code, notice]: Found): void {
  expect(findCode(reply.join("\n"), javascript)).toEqual({
    kind: "code",
    code,
    notice: notice ?? null,
  });
}

const WRITTEN: readonly Found[] = [
  ["a lone block", ["```repl", "done(1);", "```"], "done(1);"],
  ["prose around the block", ["I look first.", "", "```repl", "x = 1", "```", "", "Then more."], "x = 1"],
  ["prose directly before the block", ["Look:", "```repl", "x", "```"], "x"],
  ["several lines", ["```repl", "const a = 1;", "", "print(a);", "```"], "const a = 1;\n\nprint(a);"],
  ["an upper-case tag", ["```REPL", "x", "```"], "x"],
  ["a space before the tag", ["``` repl", "x", "```"], "x"],
  ["a title after the tag", ["```repl title=step-1", "x", "```"], "x"],
  ["a title in quotes", ['```repl title="a b"', "x", "```"], "x"],
  ["a tag as a class", ["```{.repl}", "x", "```"], "x"],
  ["a tag as a class among others", ["```{.repl .numberLines}", "x", "```"], "x"],
  ["a tag in braces", ["```{repl}", "x", "```"], "x"],
  ["a tag with a file name", ["```repl:main.js", "x", "```"], "x"],
  ["a tag with line numbers", ["```js{1,3}", "x", "```"], "x"],
  ["a js block", ["```js", "x", "```"], "x"],
  ["a javascript block", ["```javascript", "x", "```"], "x"],
  ["a ts block", ["```ts", "x", "```"], "x"],
  ["a TypeScript block", ["```TypeScript", "x", "```"], "x"],
  ["tildes", ["~~~repl", "x", "~~~"], "x"],
  ["tildes with backticks in the info", ["~~~repl `a`", "x", "~~~"], "x"],
  ["four backticks", ["````repl", "x", "````"], "x"],
  ["a longer closing fence", ["```repl", "x", "``````"], "x"],
  ["white space after the closing fence", ["```repl", "x", "```  \t"], "x"],
  ["a fence indented by three", ["   ```repl", "   x", "     y", "   ```"], "x\n  y"],
  ["code indented less than its fence", ["  ```repl", " x", "y", "  ```"], "x\ny"],
  ["a closing fence indented by three", ["```repl", "x", "   ```"], "x"],
  ["Windows line ends", ["```repl\r", "a;\r", "b\r", "```\r"], "a;\nb"],
  ["old Mac line ends", ["```repl\ra;\rb\r```\r"], "a;\nb"],
  ["tabs in the code", ["```repl", "\tx", "\t\ty", "```"], "\tx\n\t\ty"],
  ["a NUL in the code", ["```repl", "'\0'", "```"], "'\uFFFD'"],
  ["a byte order mark before the fence", ["\uFEFF```repl", "x", "```"], "x"],
  ["no newline at the end", ["```repl", "x", "```"], "x"],
  ["a trailing heading", ["```repl", "x", "```", "# Next"], "x"],
  ["blank lines at both ends of the code", ["```repl", "", "x", "", "```"], "\nx\n"],
  ["code with non-ASCII text", ["```repl", "print('naïve 😀 日本')", "```"], "print('naïve 😀 日本')"],
];

const CONTAINED: readonly Found[] = [
  ["a numbered step", ["1. Look:", "", "   ```repl", "   x", "   ```"], "x"],
  ["a bullet", ["- Look:", "  ```repl", "  x", "    y", "  ```"], "x\n  y"],
  ["a fence right after the bullet", ["- ```repl", "  x", "  ```"], "x"],
  ["a two-digit step", ["10. Look:", "    ```repl", "    x", "    ```"], "x"],
  ["a nested bullet", ["- a", "  - b", "    ```repl", "    x", "    ```"], "x"],
  ["a bullet with tabs", ["-\tLook:", "\t```repl", "\tx", "\t```"], "x"],
  ["a block quote", ["> ```repl", "> x", ">   y", "> ```"], "x\n  y"],
  ["a block quote without spaces", [">```repl", ">x", ">```"], "x"],
  ["a bullet in a block quote", ["> - ```repl", ">   x", ">   ```"], "x"],
  ["a block quote in a bullet", ["- > ```repl", "  > x", "  > ```"], "x"],
  ["a step whose code is not indented", ["1. Look:", "   ```repl", "x", "   ```"], "x"],
  ["a step with nothing indented after it", ["1. ```repl", "x;", "  y", "```"], "x;\ny"],
  ["a step with wrong code that is not indented", ["1. ```repl", "x +", "```"], "x +"],
  ["an HTML tag right before the block", ["<details>", "```repl", "x", "```", "</details>"], "x"],
  ["a tag of the model's own", ["<code>", "```repl", "x", "```", "</code>"], "x"],
];

const SEVERAL: readonly Found[] = [
  ["two blocks", ["```repl", "a", "```", "then", "```repl", "b", "```"], "a", ONE_OTHER],
  ["three blocks", ["```repl", "a", "```", "```repl", "b", "```", "```js", "c", "```"], "a", TWO_OTHERS],
  ["js before repl", ["```js", "a", "```", "```repl", "b", "```"], "b", ONE_OTHER],
  ["two js blocks", ["```js", "a", "```", "```ts", "b", "```"], "a", ONE_OTHER],
  ["an unclosed block after a complete one", ["```repl", "a", "```", "```repl", "b"], "a", ONE_OTHER],
  ["an empty block first", ["```repl", "```", "```repl", "b", "```"], "b"],
  ["other languages beside it", ["```json", "{}", "```", "```repl", "b", "```", "```bash", "ls", "```"], "b"],
  ["an untagged block beside it", ["```", "out", "```", "```repl", "b", "```"], "b"],
  ["a Python block beside it", ["```python", "x = 1", "```", "```repl", "b", "```"], "b"],
  ["an example in a longer fence", ["````md", "```repl", "a", "```", "````", "```repl", "b", "```"], "b"],
  ["an example in tildes", ["~~~", "```repl", "a", "```", "~~~", "```repl", "b", "```"], "b"],
  ["a block in a quote that ends early", ["> ```repl", "> a", "", "```repl", "b", "```"], "b", ONE_OTHER],
  ["a step that ends early", ["1. ```repl", "   a", "", "text", "", "```repl", "b", "```"], "b", ONE_OTHER],
];

const WITH_FENCES_INSIDE: readonly Found[] = [
  ["a shorter fence", ["````repl", "`", "```", "`", "````"], "`\n```\n`"],
  ["the other fence in a template", ["```repl", "s = `", "~~~", "`", "```"], "s = `\n~~~\n`"],
  [
    "tildes that close in a template",
    ["~~~repl", "s = `", "~~~", "md", "~~~", "`;", "~~~"],
    "s = `\n~~~\nmd\n~~~\n`;",
  ],
  ["a fence in a comment", ["```repl", "/*", "```", "*/", "x", "```"], "/*\n```\n*/\nx"],
  [
    "an example in a comment",
    ["```repl", "/*", "```js", "y", "```", "*/", "x", "```"],
    "/*\n```js\ny\n```\n*/\nx",
  ],
  [
    "two examples in a comment",
    ["```repl", "/*", "```js", "y", "```", "```", "z", "```", "*/", "x", "```"],
    "/*\n```js\ny\n```\n```\nz\n```\n*/\nx",
  ],
  ["a string over two lines", ["```repl", 's = "a\\', "```\\", '";', "```"], 's = "a\\\n```\\\n";'],
  [
    "a fence that ends a string's line",
    ["```repl", 's = "\\', "   \\", '";', "```", "more"],
    's = "\\\n   \\\n";',
  ],
  [
    "a comment in a list item",
    ["1. ```repl", "   /*", "   ```", "   */", "   x", "   ```"],
    "/*\n```\n*/\nx",
  ],
  ["backticks in a line of code", ["```repl", "s = '```';", "t = 1", "```"], "s = '```';\nt = 1"],
  ["an inner fence indented by four", ["```repl", "x;", "    `a`", "```"], "x;\n    `a`"],
  [
    "a syntax error with prose and a block after it",
    ["```repl", "foo(", "```", "Then `y`.", "```repl", "bar()", "```"],
    "foo(",
    ONE_OTHER,
  ],
  [
    "a syntax error with an untagged block after it",
    ["```repl", "foo(", "```", "gives", "```", "bar()", "```"],
    "foo(",
    INVENTED,
  ],
];

const INVENTING: readonly Found[] = [
  ["a line of output behind the block", ["```repl", "f()", "```", "Output: 7"], "f()", INVENTED],
  ["a heading of output", ["```repl", "f()", "```", "", "**Output**:", "7"], "f()", INVENTED],
  ["a block of text behind the block", ["```repl", "f()", "```", "```text", "7", "```"], "f()", INVENTED],
  [
    "output between two blocks",
    ["```repl", "f()", "```", "Output: 7", "```repl", "done(7)", "```"],
    "f()",
    `${ONE_OTHER}\n${INVENTED}`,
  ],
  ["output that is expected before the block", ["Output: a number.", "```repl", "f()", "```"], "f()"],
  ["output that code of a later block names", ["```js", "f()", "```", "```sh", "output: 1", "```"], "f()"],
  ["words about output", ["```repl", "f()", "```", "The output comes next."], "f()"],
];

const UNFENCED_CODE: readonly Found[] = [
  ["one call", ["print(CONTEXT.length)"], "print(CONTEXT.length)", UNFENCED],
  ["several statements", ["const a = f(1);", "", "print(a)"], "const a = f(1);\n\nprint(a)", UNFENCED],
  ["statements behind prose", ["Let me count the lines:", "", "print(f(1))"], "print(f(1))", UNFENCED],
  [
    "statements that end by giving the answer",
    ["const total = f(1);", "FINAL(total)"],
    "const total = f(1);\nawait done(total)",
    UNFENCED,
  ],
  ["an answer behind words", ["It took 3 steps (of 7)", "FINAL(7)"], "await done(7)", CALLED],
];

const REASONED: readonly Found[] = [
  ["a think section first", ["<think>", "hm", "</think>", "```repl", "x", "```"], "x"],
  ["a draft in a think section", ["<think>", "```repl", "a", "```", "</think>", "```repl", "b", "```"], "b"],
  [
    "a section that ends behind a fence",
    ["<think>", "```repl", "a", "```</think>", "```repl", "b", "```"],
    "b",
  ],
  ["a half draft in it", ["<think>", "```repl", "a", "</think>", "```repl", "b", "```"], "b"],
  ["thinking", ["<thinking>hm", "</thinking>", "", "```repl", "x", "```"], "x"],
  ["reasoning", ["<reasoning effort=high>", "</reasoning>", "```repl", "x", "```"], "x"],
  ["an upper-case tag", ["<THINK>", "```repl", "a", "```", "</Think>", "```repl", "x", "```"], "x"],
  ["a section in one line", ["<think>hm</think>```repl", "x", "```"], "x"],
  ["no opening tag", ["I draft", "```repl", "a", "```", "</think>", "", "```repl", "x", "```"], "x"],
  [
    "no opening tag after half a draft",
    ["```repl", "a", "</think>", "```repl", "x", "```"],
    "a\n</think>\n```repl\nx",
  ],
  ["two sections", ["<think>a</think>", "text", "<think>", "b", "</think>", "```repl", "x", "```"], "x"],
  [
    "tags in the code",
    ["```repl", "s = '<think>';", "t = '</think>'", "```"],
    "s = '<think>';\nt = '</think>'",
  ],
  [
    "tags as lines of the code",
    ["```repl", "s = `", "<think>", "</think>", "`", "```"],
    "s = `\n<think>\n</think>\n`",
  ],
  ["a tag in prose", ["I write `<think>` and `</think>`.", "```repl", "x", "```"], "x"],
  ["an unclosed tag later on", ["```repl", "x", "```", "<think>", "what next"], "x"],
  [
    "a closing tag in a draft of the section",
    ["<think>", "```js", "'</think>'", "```", "</think>", "```repl", "x", "```"],
    "x",
  ],
];

const UNTAGGED_ALONE: readonly Found[] = [
  ["an only block without a tag that calls", ["```", "print(1)", "```"], "print(1)", UNTAGGED],
  ["an only block without a tag that assigns", ["Look:", "~~~", "x = 1", "~~~"], "x = 1", UNTAGGED],
];

const ANSWERS: readonly Found[] = [
  ["a call of FINAL", ['FINAL("42")'], 'await done("42")', CALLED],
  ["a call behind prose", ["I counted.", "", "FINAL(42)"], "await done(42)", CALLED],
  ["a call of done", ["await done({ a: 1 });"], "await done({ a: 1 })", CALLED],
  ["a call over several lines", ["done({", "  a: [1, 2],", "})"], "await done({\n  a: [1, 2],\n})", CALLED],
  ["a variable", ["FINAL_VAR(total)"], "await done(total)", CALLED],
  ["a variable in quotes", ['FINAL_VAR("total")'], "await done(total)", CALLED],
  ["a text in quotes", ['final_answer("total")'], 'await done("total")', CALLED],
  ["a call after a thought", ["<think>", "done(1)", "</think>", "submit(2)"], "await done(2)", CALLED],
];

const RETURNS: readonly Found[] = [
  [
    "a returned call",
    ["```repl", "x = 1", "return done(x)", "```"],
    "x = 1\nawait done(x)",
    returned("await done(x)"),
  ],
  [
    "an awaited one",
    ["```repl", "return await done(x);", "", "```"],
    "await done(x)",
    returned("await done(x)"),
  ],
  [
    "another name",
    ["```repl", "return FINAL({", " a: 1 });", "```"],
    "await done({\n a: 1 })",
    returned("await done({\n a: 1 })"),
  ],
  ["a value, which may be no answer", ["```repl", "return 42", "```"], "return 42"],
  [
    "a call in a function",
    ["```repl", "function f() {", "return done(x)", "}", "```"],
    "function f() {\nreturn done(x)\n}",
  ],
  ["one of several", ["```repl", "return done(1)", "x +", "```"], "return done(1)\nx +"],
];

const PROSE: readonly Found[] = [
  ["prose at the end", ["```repl", "print(1)", "Now I will count:", "```"], "print(1)\nNow I will count:"],
  ["prose first", ["```repl", "First, we look at it.", "x = 1", "```"], "First, we look at it.\nx = 1"],
  ["prose and a fault", ["```repl", "Now I will count", "x +", "```"], "Now I will count\nx +"],
  ["prose in a text", ["```repl", "x = `", "Now I will count", "`", "```"], "x = `\nNow I will count\n`"],
];

function named(table: readonly Found[]) {
  return table.map((found) => ({ what: found[0], found }));
}

describe("findCode", () => {
  it.each(named(WRITTEN))("runs $what", ({ found }) => run(found));
  it.each(named(CONTAINED))("runs the block of $what", ({ found }) => run(found));
  it.each(named(SEVERAL))("chooses among $what", ({ found }) => run(found));
  it.each(named(WITH_FENCES_INSIDE))("keeps code together that holds $what", ({ found }) => run(found));
  it.each(named(UNTAGGED_ALONE))("runs $what and says so", ({ found }) => run(found));
  it.each(named(ANSWERS))("takes $what outside a block as the answer", ({ found }) => run(found));
  it.each(named(UNFENCED_CODE))("runs $what without a fence", ({ found }) => run(found));
  it.each(named(INVENTING))("tells from real output $what", ({ found }) => run(found));
  it.each(named(RETURNS))("reads $what at the top level", ({ found }) => run(found));
  it.each(named(PROSE))("leaves $what in a block to the language", ({ found }) => run(found));
  it.each(named(REASONED))("looks past $what", ({ found }) => run(found));
});
