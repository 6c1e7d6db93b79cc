import { styleText } from "node:util";

/** Colours of the terminal's own sixteen, or none. Colour never carries meaning alone. */
export interface Palette {
  readonly dim: Paint;
  readonly bold: Paint;
  readonly red: Paint;
  readonly green: Paint;
  readonly yellow: Paint;
  readonly cyan: Paint;
  readonly magenta: Paint;
}

type Paint = (text: string) => string;

/** What decides about colour on one stream. */
export interface ColorSituation {
  /** The flag: `always`, `never`, or `auto` for what the environment and the stream say. */
  readonly flag: "auto" | "always" | "never";
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly isTerminal: boolean;
}

/** Whether to colour: the flag, else FORCE_COLOR, else NO_COLOR when it is not empty, else whether it is a terminal. */
export function wantsColor({ flag, environment, isTerminal }: ColorSituation): boolean {
  if (flag !== "auto") return flag === "always";
  const forced = environment.FORCE_COLOR;
  if (forced !== undefined && forced !== "") return forced !== "0" && forced !== "false";
  if (environment.NO_COLOR !== undefined && environment.NO_COLOR !== "") return false;
  return isTerminal && environment.TERM !== "dumb";
}

/** The palette, or one that paints nothing. */
export function palette(enabled: boolean): Palette {
  const paint = (format: Parameters<typeof styleText>[0]): Paint =>
    enabled ? (text) => styleText(format, text, { validateStream: false }) : (text) => text;
  return {
    dim: paint("dim"),
    bold: paint("bold"),
    red: paint("red"),
    green: paint("green"),
    yellow: paint("yellow"),
    cyan: paint("cyan"),
    magenta: paint("magenta"),
  };
}
