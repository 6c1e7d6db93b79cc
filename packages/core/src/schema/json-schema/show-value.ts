const MAX_TEXT = 60;

/** A value in a few words, for a message: `"abc"`, `4`, `a list of 3`, `an object`, `nothing`. */
export function showValue(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (typeof value === "string") {
    const text = value.length > MAX_TEXT ? `${value.slice(0, MAX_TEXT)}…` : value;
    return JSON.stringify(text.toWellFormed());
  }
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === "object") return "an object";
  return typeof value === "function" ? "a function" : String(value);
}

/** A path as code would write it: `items[3].name`; empty for the value itself. */
export function showPath(path: readonly PropertyKey[]): string {
  const text = path.map((key, index) => showKey(key, index === 0)).join("");
  return text.length > 200 ? `${text.slice(0, 100)}…${text.slice(-99)}` : text;
}

function showKey(key: PropertyKey, first: boolean): string {
  if (typeof key === "number") return `[${key}]`;
  const name = String(key);
  if (!/^[\p{ID_Start}_$][\p{ID_Continue}$]*$/u.test(name)) return `[${JSON.stringify(name)}]`;
  return first ? name : `.${name}`;
}
