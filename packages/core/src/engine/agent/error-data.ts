import type { ErrorData } from "../../data/node.ts";

/** An error as data: its name and message, nothing of the host. Never throws, whatever was thrown. */
export function errorData(error: unknown): ErrorData {
  if (!(error instanceof Error)) return { name: "Error", message: inWords(error) };
  const own = { name: inWords(error.name), message: inWords(error.message) };
  const { cause } = error;
  if (!(cause instanceof Error)) return own;
  return { ...own, cause: { name: inWords(cause.name), message: inWords(cause.message) } };
}

function inWords(value: unknown): string {
  try {
    return String(value);
  } catch {
    return "a value that can't be written as text";
  }
}
