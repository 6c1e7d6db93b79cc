import {
  append,
  bareList,
  bigIntToString,
  parseDecimal,
  parseWhole,
  stringIndexOf,
  stringSlice,
  symbolToString,
} from "../realm/primordials.ts";
import { formatValue, PRINT_BOUNDS } from "./format-value.ts";

/** What the methods of `console` write: a first text with `%s`, `%d` and the like takes the values behind it. Never throws. */
export function formatLog(values: readonly unknown[], join: (values: readonly unknown[]) => string): string {
  const pattern = values[0];
  if (typeof pattern !== "string" || values.length < 2 || stringIndexOf(pattern, "%") === -1)
    return join(values);
  const rest = bareList<unknown>();
  let text = "";
  let from = 0;
  let next = 1;
  for (let at = stringIndexOf(pattern, "%"); at !== -1; at = stringIndexOf(pattern, "%", from)) {
    const sign = stringSlice(pattern, at + 1, at + 2);
    const shown = sign === "%" ? "%" : next < values.length ? shownAs(sign, values[next]) : null;
    text += stringSlice(pattern, from, at) + (shown ?? `%${sign}`);
    if (shown !== null && sign !== "%") next += 1;
    from = at + 2;
  }
  append(rest, text + stringSlice(pattern, from));
  for (; next < values.length; next += 1) append(rest, values[next]);
  return join(rest);
}

/** The value as the sign wants it; `null` for a sign that means nothing. */
function shownAs(sign: string, value: unknown): string | null {
  switch (sign) {
    case "s":
      return typeof value === "string" ? value : formatValue(value, PRINT_BOUNDS);
    case "d":
    case "i":
    case "f":
      return numberAs(sign, value);
    case "j":
    case "o":
    case "O":
      return formatValue(value, PRINT_BOUNDS);
    case "c":
      return "";
    default:
      return null;
  }
}

function numberAs(sign: string, value: unknown): string {
  if (typeof value === "bigint") return `${bigIntToString(value)}n`;
  if (typeof value === "symbol") return symbolToString(value);
  if (typeof value === "object" || typeof value === "function") return "NaN";
  if (sign === "d") return `${typeof value === "string" ? +value : typeof value === "number" ? value : NaN}`;
  return `${sign === "i" ? parseWhole(`${value}`) : parseDecimal(`${value}`)}`;
}
