import { oneOf, optionReader } from "./option-values.ts";

/** The options that say how a run is shown, as they are typed. */
export interface ViewFlags {
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly plain?: boolean;
  readonly progress?: string | false;
  readonly color?: string;
}

/** How progress is shown on stderr. */
export type ProgressKind = "auto" | "plain" | "json" | "none";

/** How a run is shown. */
export interface ViewOptions {
  readonly json: boolean;
  readonly progress: ProgressKind;
  readonly color: "auto" | "always" | "never";
}

/** How a run is to be shown; what is wrong with an option is added to the problems. */
export function readViewOptions(flags: ViewFlags, problems: string[]): ViewOptions {
  const read = optionReader(problems);
  const progress = typeof flags.progress === "string" ? flags.progress : undefined;
  const asked = read("--progress", progress, oneOf(["auto", "plain", "json"]), "auto, plain or json");
  const color = read("--color", flags.color, oneOf(["auto", "always", "never"]), "auto, always or never");
  const silent = flags.progress === false || (asked === undefined && flags.quiet === true);
  const standard = flags.plain === true ? "plain" : "auto";
  return {
    json: flags.json === true,
    progress: silent ? "none" : (asked ?? standard),
    color: color ?? "auto",
  };
}
