import { readFileSync } from "node:fs";
import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Options } from "tsup";
import { library } from "../../tsup.base.ts";

/** The parts of the program: each uses only parts above it. */
export const PYTHON_PARTS: readonly string[] = [
  "supported",
  "limits",
  "foreign",
  "interpreter",
  "utf16",
  "frames",
  "watchdog",
  "record",
  "children",
  "output",
  "clock",
  "chance",
  "loop",
  "calls",
  "host_errors",
  "values",
  "payload",
  "grep",
  "hits",
  "slices",
  "context",
  "handles",
  "host_functions",
  "formatting",
  "variables",
  "parsing",
  "statements",
  "corrections",
  "spelling",
  "habits",
  "errors",
  "block",
  "repl",
  "main",
];

/** The program's file in `dist`. */
export const PYTHON_PROGRAM = "rlmflow_repl.py";

const QUOTES = "'''";

/**
 * The program as one text. Behind the first part stands a text that is compiled only once the first part is done:
 * an old Python need not understand it, and a start anew need not wait for it. The parts share one namespace, so
 * a name that two of them define is a fault.
 */
export function pythonProgram(read: (part: string) => string = readPart): string {
  const owners = new Map<string, string>();
  const texts = PYTHON_PARTS.map((part) => {
    const text = read(part);
    for (const [, defined, assigned] of text.matchAll(
      /^(?:(?:async )?(?:def|class) (\w+)|([A-Za-z_]\w*)(?:, \w+)* \+?= )/gm,
    )) {
      const name = defined ?? assigned ?? "";
      const owner = owners.get(name);
      if (owner !== undefined && owner !== part)
        throw new TypeError(`${owner}.py and ${part}.py define ${name}`);
      owners.set(name, part);
    }
    return withoutParts(text).trim();
  });
  const [first = "", ...others] = texts;
  const rest = others.join("\n\n\n");
  if (rest.includes(QUOTES)) throw new TypeError(`no part but the first may hold ${QUOTES}`);
  return `${first}\n\nPROGRAM = r${QUOTES}\n${rest}\n${QUOTES}\n${runAt(first.split("\n").length + 2)}`;
}

/** Runs the text whose first line stands in this line of the file, in a namespace whose builtins nobody else has. */
function runAt(line: number): string {
  return [
    'own_builtins = dict(vars(__import__("builtins")))',
    'own_names = {**globals(), "__builtins__": own_builtins}',
    `exec(compile("\\n" * ${line} + PROGRAM, __file__, "exec"), own_names)`,
    "",
  ].join("\n");
}

/** The text without the lines that import from other parts. */
function withoutParts(text: string): string {
  const pattern = new RegExp(`^from (?:${PYTHON_PARTS.join("|")}) import .*\n`, "gm");
  return text.replace(pattern, "");
}

function readPart(part: string): string {
  return readFileSync(join(import.meta.dirname, `python/${part}.py`), "utf8");
}

/** Writes the program into a folder, in one step: somebody may be starting the one that is there. */
export async function writePythonProgram(folder: string): Promise<void> {
  const file = join(folder, PYTHON_PROGRAM);
  await writeFile(`${file}.new`, pythonProgram());
  await rename(`${file}.new`, file);
}

const options: Options = {
  ...library({ index: "src/index.ts" }),
  clean: [`!${PYTHON_PROGRAM}`],
  onSuccess: () => writePythonProgram(join(import.meta.dirname, "dist")),
};

export default options;
