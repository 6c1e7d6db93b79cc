interface Hint {
  readonly pattern: RegExp;
  /** The sentence, or what makes it of the model's own words. */
  readonly text: string | ((found: RegExpExecArray) => string);
}

/** The first 200 characters of a line tell what language it is in; longer ones are not worth the time. */
const SHOWN = 200;

const JAVASCRIPT = "This REPL runs Python, not JavaScript";

/** In order of preference: the first that applies is the one sentence the model is given. */
const HINTS: readonly Hint[] = [
  {
    pattern: /^[A-Z][\w'’]*,?(?:[ \t]+[\w'’"/%.-]+[,;:]?){2,}[.:!?]?$/,
    text: "This line is prose: write it outside the fence, or behind `#`.",
  },
  {
    pattern: /^%{1,2}\w|^!\w+(?:\s+[\w-]|$)/,
    text: "Lines that begin with % or ! are a notebook's; use Python alone, for example subprocess.run.",
  },
  {
    pattern: /^(?:const|let|var)\s+(\w+\s*=\s*[^;{}`=]+?)\s*(?:;|$)/,
    text: ([, assignment]) => `${JAVASCRIPT}: write \`${assignment}\`, without const or let.`,
  },
  {
    pattern: /^(?:const|let|var)\s+[\w$[{]/,
    text: `${JAVASCRIPT}: write \`name = value\`, without const or let.`,
  },
  {
    pattern: /^(async\s+)?function\s+(\w+)\s*\(([\w\s,]*)\)/,
    text: ([, isAsync, name, parameters]) =>
      `${JAVASCRIPT}: write \`${isAsync === undefined ? "" : "async "}def ${name}(${parameters}):\`${isAsync === undefined ? ", or `async def` to use await in it" : ""}.`,
  },
  {
    pattern: /^(?:async\s+)?function\b/,
    text: `${JAVASCRIPT}: write \`def name(a, b):\`, or \`async def\` to use await in it.`,
  },
  { pattern: /=>/, text: `${JAVASCRIPT}: write \`lambda item: len(item)\`, or a def.` },
  {
    pattern: /^import\s.*\sfrom\s+["']|^import\s*[{*"']|^export\b|\brequire\(/,
    text: `${JAVASCRIPT}: write \`import name\`, or \`from name import this\`.`,
  },
  {
    pattern: /^(?:\}\s*)?(?:else\s+if|else\s*\{|if\s*\(.*\)\s*\{|while\s*\(.*\)\s*\{)/,
    text: `${JAVASCRIPT}: write \`if test:\`, \`elif other:\`, \`else:\` and \`while test:\` above indented lines.`,
  },
  {
    pattern: /^for\s*\(\s*(?:(?:const|let|var)\s+)?(\w+)\s+of\s+([\w.]+)\s*\)/,
    text: ([, item, items]) => `${JAVASCRIPT}: write \`for ${item} in ${items}:\`.`,
  },
  {
    pattern: /^for\s*(?:await\s*)?\(/,
    text: `${JAVASCRIPT}: write \`for item in items:\`, or \`for i in range(n):\`.`,
  },
  {
    pattern: /^(?:\}\s*)?(?:try\s*\{|catch\b|finally\s*\{|throw\b)/,
    text: `${JAVASCRIPT}: write \`try:\`, \`except Exception as error:\` and \`raise ValueError("why")\`.`,
  },
  { pattern: /\bnew\s+[A-Z]\w*/, text: `${JAVASCRIPT}: write \`Name(...)\`, without new.` },
  { pattern: /`/, text: `${JAVASCRIPT}: write f"{name}" for text with values in it.` },
  { pattern: /^(?:\/\/|\/\*)/, text: "Comments begin with `#`." },
  { pattern: /===|!==/, text: `${JAVASCRIPT}: write \`==\` and \`!=\`.` },
  {
    pattern: /&&|\|\||(?:^|[\s(=])![\w(]/,
    text: `${JAVASCRIPT}: write \`and\`, \`or\` and \`not\`.`,
  },
  { pattern: /\?[^:"']+:/, text: `${JAVASCRIPT}: write \`value if test else other\`.` },
  { pattern: /\+\+|--;?$/, text: `${JAVASCRIPT}: write \`count += 1\`.` },
  {
    pattern: /\{\s*\w+\s*:\s*[^}]*\}.*[;{]$/,
    text: `${JAVASCRIPT}: the keys of a dict stand in quotes, {"key": value}.`,
  },
  {
    pattern: /^[A-Z][a-z']*(?: [\w'’,-]+){2,}[.:!?,]?(?: |$)/,
    text: "This line is prose: write it outside the fence, or behind `#`.",
  },
  {
    pattern: /\)\s*\{$|^\}\)?;?$/,
    text: `${JAVASCRIPT}: a block is indented below a line that ends with a colon.`,
  },
];

/** Signs of JavaScript that a block has beside the one that is in the way, each with how Python has it. */
const SIGNS: readonly (readonly [RegExp, string])[] = [
  [/^[ \t]*(?:const|let|var)\s/m, "no const or let"],
  [/===|!==/, "`==` and `!=`"],
  [/&&|\|\|/, "`and` and `or`"],
  [/\bconsole\.log\(/, "print(value)"],
  [/^[ \t]*\/\//m, "comments behind `#`"],
  [/=>/, "lambda or def"],
  [/^[ \t]*(?:for|if|while)\b.*\{[ \t]*$/m, "blocks indented behind `:`"],
  [/\b(?:null|undefined)\b/, "None"],
];
/** Characters of a block that are looked through for further signs. */
const LOOKED_THROUGH = 20_000;

/** A sentence on what else in the code is JavaScript; empty where `said` is of something else or all there is. */
export function furtherSigns(code: string, line: string, said: string): string {
  if (!said.startsWith(JAVASCRIPT)) return "";
  const text = code.slice(0, LOOKED_THROUGH);
  const others = SIGNS.filter(([pattern]) => pattern.test(text) && !pattern.test(line)).map(([, how]) => how);
  return others.length === 0 ? "" : ` Further in the block: ${others.join(", ")}.`;
}

/** One sentence that says how to write what was meant by a line that is not Python, or `null`. */
export function hintFor(line: string): string | null {
  const beginning = line.slice(0, SHOWN).trim();
  for (const { pattern, text } of HINTS) {
    const found = pattern.exec(beginning);
    if (found !== null) return typeof text === "string" ? text : text(found);
  }
  return null;
}
