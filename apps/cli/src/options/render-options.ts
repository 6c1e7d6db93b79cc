import { RLMError } from "@rlmflow/core";
import { oneOf, type ReadValue, wholeNumber } from "./option-values.ts";

/** The options of `rlmflow render` as they are typed. */
export interface RenderFlags {
  readonly format?: string;
  readonly file?: string;
  readonly run?: string;
  readonly branch?: string;
  readonly all?: boolean;
  readonly depth?: string;
  readonly expand?: readonly string[];
  readonly ids?: boolean;
  readonly ascii?: boolean;
  readonly width?: string;
  readonly root?: string;
  readonly node?: string;
  readonly at?: string;
  readonly by?: string;
  readonly json?: boolean;
  readonly color?: string;
}

/** The options of `rlmflow render`, checked and completed. */
export interface RenderOptions {
  readonly format: (typeof FORMATS)[number];
  readonly file: string | null;
  readonly run: string | null;
  readonly branch: string | null;
  readonly all: boolean;
  readonly depth: number;
  readonly expand: ReadonlySet<string>;
  readonly ids: boolean;
  readonly ascii: boolean;
  readonly width: number | null;
  readonly root: string;
  /** The one node that is shown. */
  readonly node: string | null;
  readonly at: string | null;
  readonly by: "time" | "tokens" | "cost";
  readonly json: boolean;
  readonly color: "auto" | "always" | "never";
}

const FORMATS = ["tree", "md", "code", "log", "json"] as const;
const STANDARD_DEPTH = 3;

/** Checks the options and completes them. Throws one `invalid_options` that names everything that is wrong. */
export function readRenderOptions(flags: RenderFlags): RenderOptions {
  const problems: string[] = [];
  const read = <T>(
    name: string,
    text: string | undefined,
    value: ReadValue<T>,
    expects: string,
  ): T | undefined => {
    if (text === undefined) return undefined;
    const found = value(text);
    if (found === null) problems.push(`${name} must be ${expects}, not ${JSON.stringify(text)}`);
    return found ?? undefined;
  };
  const depth = flags.all === true ? Number.POSITIVE_INFINITY : STANDARD_DEPTH;
  const options: RenderOptions = {
    format: read("--format", flags.format, oneOf(FORMATS), "tree, md, code, log or json") ?? "tree",
    file: flags.file ?? null,
    run: flags.run ?? null,
    branch: flags.branch ?? null,
    all: flags.all === true,
    depth: read("--depth", flags.depth, wholeNumber(1), "a whole number above 0") ?? depth,
    expand: new Set(flags.expand ?? []),
    ids: flags.ids === true,
    ascii: flags.ascii === true,
    width: read("--width", flags.width, wholeNumber(20), "a number of columns of at least 20") ?? null,
    root: flags.root ?? "root",
    node: flags.node ?? null,
    at: flags.at ?? null,
    by: read("--by", flags.by, oneOf(["time", "tokens", "cost"]), "time, tokens or cost") ?? "time",
    json: flags.json === true,
    color:
      read("--color", flags.color, oneOf(["auto", "always", "never"]), "auto, always or never") ?? "auto",
  };
  if (problems.length === 0) return options;
  const message = problems.map((problem) => `- ${problem}`).join("\n");
  throw new RLMError("invalid_options", message, { details: { problems } });
}
