/** What is known of a syntax error, for choosing a hint. */
export interface HintQuestion {
  readonly code: string;
  /** The line of the error. */
  readonly line: string;
  /** Counted from 1. */
  readonly column: number;
  readonly message: string;
}

interface Hint {
  applies(question: HintQuestion): boolean;
  readonly text: string | ((question: HintQuestion) => string);
}

/** The first 200 characters of a line tell what language it is in; longer ones are not worth the time. */
const SHOWN = 200;

function onLine(pattern: RegExp): Hint["applies"] {
  return ({ line }) => pattern.test(line.slice(0, SHOWN).trim());
}

function inMessage(pattern: RegExp): Hint["applies"] {
  return ({ message }) => pattern.test(message);
}

const PYTHON = "This REPL runs JavaScript, not Python";

/** A sentence: words that code would not put side by side, and nothing else. */
const SENTENCE = /^[A-Z][\w'’]*,?(?:[ \t]+[\w'’"/%.-]+[,;:]?){2,}[.:!?]?$/;

/** The line with await in the place of yield; of a long one, or one that waits for nothing that is named, an example. */
function withAwait(line: string): string {
  const isShort = line.length <= SHOWN && /\byield\b\s*\*?\s*[\w$[(]/.test(line);
  return isShort
    ? line.trim().replace(/\byield\b\s*\*?\s*/, "await ")
    : "const results = await wait(...handles)";
}

/** In order of preference: the first that applies is the one sentence the model is given. */
const HINTS: readonly Hint[] = [
  {
    applies: onLine(SENTENCE),
    text: "The block holds code only: put words outside of it, or behind //.",
  },
  {
    applies: inMessage(/^A template literal ends here/),
    text: 'Put `;` or `+` between the two; a line of three backticks cannot stand in a template literal: build such text from an array with .join("\\n") and "`".repeat(3).',
  },
  {
    applies: inMessage(/^Unexpected character '[“”„‟‘’‚‛«»‹›′″]'/u),
    text: "Write straight quotes around text, \" or ', or backticks.",
  },
  {
    applies: inMessage(/^Unexpected character '[‐‑‒–—−]'/u),
    text: "Write - for minus, and put text between quotes.",
  },
  {
    applies: inMessage(/^Unexpected character '[\uFF01-\uFF5E、。]'/u),
    text: 'Write the signs of the language in ASCII, such as ( ) , ; : and ".',
  },
  {
    applies: inMessage(/^Unexpected character '[^\p{L}\p{N}\p{P}\p{S} ]'/u),
    text: "A character stands there that cannot be seen: write the line again without it.",
  },
  {
    applies: inMessage(/keyword arguments/),
    text: 'Give arguments by position and options as an object: `await delegate("name", "task", { model: "fast" })`.',
  },
  {
    applies: inMessage(/^import\(\)/),
    text: "Nothing can be imported: use the REPL's own functions, plain JavaScript and your tools.",
  },
  {
    applies: inMessage(/^`await using` cannot stand in the head/),
    text: "Declare it before the loop.",
  },
  {
    applies: inMessage(/was declared with using/),
    text: "Give the new value another name.",
  },
  {
    applies: inMessage(/nested too deeply/),
    text: "Split the expression into several statements, or keep data in strings and parse it with JSON.parse.",
  },
  {
    applies: inMessage(/^TypeScript enum/),
    text: "Write an object instead: `const Color = { Red: 0, Green: 1 };`.",
  },
  {
    applies: inMessage(/^TypeScript (?:namespace|module)/),
    text: "Write an object or plain functions instead of a namespace.",
  },
  {
    applies: inMessage(/^TypeScript parameter property/),
    text: "Declare the field and assign it in the constructor: `class A { x; constructor(x) { this.x = x; } }`.",
  },
  {
    applies: inMessage(/^The angle-bracket syntax/),
    text: "Write `value as Type` instead of `<Type>value`.",
  },
  {
    applies: inMessage(/'return' outside of function|Return statement is not allowed/),
    text: "A block is no function: end it with the value to see it, or give your answer with `await done(…)`.",
  },
  {
    applies: onLine(
      /^(?:from\s+[\w.]+\s+import\b|import\s+[\w.]+(?:\s+as\s+\w+|\s*,[\s\w.,]*)?\s*(?:#.*)?$)/,
    ),
    text: `${PYTHON}, and nothing can be imported: leave the line out and use plain JavaScript.`,
  },
  {
    applies: onLine(/^(?:import\b|export\b)|\bimport\.meta\b/),
    text: "import and export do not work in the REPL: leave them out; top-level names are kept for later blocks as they are.",
  },
  {
    applies: onLine(/\byield\b/),
    text: ({ line }) => `There is no yield at the top level: write \`${withAwait(line)}\`.`,
  },
  {
    applies: onLine(/^(?:async\s+)?def\s+\w+\s*\(/),
    text: `${PYTHON}: write \`function name(a, b) { return a; }\`, or \`async function\` to use await in it.`,
  },
  { applies: onLine(/\blambda\b[^:]*:/), text: `${PYTHON}: write \`(item) => item.length\` for a lambda.` },
  {
    applies: onLine(/(?:^|[\s(,=[{+])[fFrRbBuU]{1,2}["']/),
    text: `${PYTHON}: write \`\${name}\` inside backticks for an f-string.`,
  },
  { applies: onLine(/"""|'''/), text: `${PYTHON}: write text of several lines between backticks.` },
  {
    applies: onLine(/[[({].*\bfor\s+\w+(?:\s*,\s*\w+)*\s+in\b.*[\])}]/),
    text: `${PYTHON}: write \`items.filter((item) => test(item)).map((item) => change(item))\` for a comprehension.`,
  },
  {
    applies: onLine(/^(?:async\s+)?for\s+[\w\s,]+\s+in\b.*:/),
    text: `${PYTHON}: write \`for (const item of items) { … }\`.`,
  },
  {
    applies: onLine(/^(?:elif\b|(?:if|while)\b.*:\s*(?:#.*)?$|else\s*:)/),
    text: `${PYTHON}: write \`if (test) { … } else if (other) { … } else { … }\` and \`while (test) { … }\`.`,
  },
  {
    applies: onLine(/^(?:try\s*:|except\b|finally\s*:|raise\b)/),
    text: `${PYTHON}: write \`try { … } catch (error) { … }\` and \`throw new Error("why")\`.`,
  },
  {
    applies: onLine(/^(?:async\s+)?with\b.*:\s*$|^class\s+\w+.*:\s*$|^(?:pass|global|nonlocal|del|assert)\b/),
    text: `${PYTHON}: blocks stand in braces, \`class Name { … }\`, and names need no declaration as global.`,
  },
  {
    applies: ({ line, column }) =>
      /^[{,]\s*["'\w]+\s*:|[{,]\s*["'\w]+\s*$/.test(line.slice(0, column - 1).trim()) &&
      line[column - 1] === ":",
    text: "A line that begins with { is a block of code: put an object in parentheses, `({ a: 1, b: 2 })`.",
  },
  { applies: onLine(/^print\s+[^(\s]/), text: "print is a function: write `print(value)`." },
  {
    applies: ({ line, column }) => line.slice(Math.max(0, column - 2), column).includes("#"),
    text: "Comments begin with `//`, not with `#`.",
  },
  {
    applies: ({ line, column }) =>
      /^(?:and|or|not|is)\b/.test(line.slice(column - 1)) || /\bnot\s*$/.test(line.slice(0, column - 1)),
    text: `${PYTHON}: write \`&&\`, \`||\`, \`!\` and \`===\`.`,
  },
  { applies: onLine(/=\s*[^=].*\sif\s.+\selse\s/), text: `${PYTHON}: write \`test ? value : other\`.` },
  {
    applies: ({ line, column, message }) =>
      /\bawait\s*$/.test(line.slice(0, column - 1)) || /keyword 'await'/.test(message),
    text: "`await` works at the top level and in async functions: write `async (item) => …`, and `await Promise.all(items.map(async (item) => …))`.",
  },
  {
    applies: ({ line, column }) => line[column - 1] === "@",
    text: "Decorators do not work here: call the function yourself.",
  },
  {
    applies: ({ code }) => /^[ \t]*(?:```|~~~)/m.test(code),
    text: 'A line of three backticks ends a template literal: build such text from an array with .join("\\n") and "`".repeat(3).',
  },
  {
    applies: inMessage(/^Unterminated template/),
    text: "A template literal ends at the next backtick: write \\` for a backtick in its text.",
  },
  {
    applies: inMessage(/^Unterminated string/),
    text: "A quoted string ends on its own line: write \\n in it, or use a template literal.",
  },
  {
    applies: inMessage(/has already been declared/),
    text: "A name can be declared again in a later block, not twice in one: assign to it without const or let.",
  },
  {
    applies: ({ line, column }) => PROSE.test(line.slice(0, SHOWN)) && column <= SHOWN,
    text: "The block holds code only: put words outside of it, or behind //.",
  },
];

/** Three words in a row that no sign of the language parts. */
const PROSE =
  /^\s*(?!(?:const|let|var|return|async|await|function|class|new|throw|typeof|void|delete|if|for|while|do|else|try)\b)[A-Za-z][\w'’]*[,:]?(?: [\w'’]+[,.]?){2}/;

/** One sentence that says how to write what was meant, or `null`. */
export function hintFor(question: HintQuestion): string | null {
  const text = HINTS.find((hint) => hint.applies(question))?.text ?? null;
  return typeof text === "function" ? text(question) : text;
}
