import { RLMError } from "@rlmflow/core";
import { sentences } from "@rlmflow/core/driver";

/** Numbers of gRPC that say why a call to Modal failed. */
const REFUSED: readonly number[] = [7, 16];
const UNREACHABLE: readonly number[] = [4, 14];
const TOKEN = ["MODAL_TOKEN_ID", "MODAL_TOKEN_SECRET"];
/** What gRPC adds to an error also where it has nothing to add. */
const EMPTY_NOTE = /\s*Resolution note:\s*$/;

/** The error for a step that Modal did not take: what was wanted, why not, what to do. */
export function modalFailure(wanted: string, cause: unknown): RLMError {
  if (RLMError.is(cause)) return cause;
  const { code, text } = readFailure(cause);
  if (text.includes("missing credentials")) {
    const ways = "give credentials, set MODAL_TOKEN_ID and MODAL_TOKEN_SECRET, or run: modal setup";
    return new RLMError("missing_key", `${missingToken(process.env)}: ${ways}`, { cause });
  }
  if (code !== null && REFUSED.includes(code)) {
    return new RLMError(
      "runtime_failed",
      sentences(`Modal refused the token: ${text}`, "Is it still valid?"),
      { cause },
    );
  }
  if (code !== null && UNREACHABLE.includes(code)) {
    return new RLMError("runtime_failed", `Modal cannot be reached: ${text}`, { cause });
  }
  return new RLMError("runtime_failed", `${wanted}: ${text}`, { cause });
}

/** A token is an id and a secret, and one of them says nothing. */
function missingToken(environment: Readonly<Record<string, string | undefined>>): string {
  const [set, ...others] = TOKEN.filter((name) => (environment[name] ?? "") !== "");
  if (set === undefined || others.length > 0) return "Modal has no token to go by";
  return `Modal has only half a token, ${set} without ${TOKEN.find((name) => name !== set)}`;
}

/** What an error of the SDK says, without the path of the call that it begins with. */
export function failureText(cause: unknown): string {
  return readFailure(cause).text;
}

function readFailure(cause: unknown): { readonly code: number | null; readonly text: string } {
  if (!(cause instanceof Error)) return { code: null, text: String(cause) };
  const code = "code" in cause && typeof cause.code === "number" ? cause.code : null;
  const details = "details" in cause && typeof cause.details === "string" ? cause.details : "";
  return { code, text: (details === "" ? cause.message : details).replace(EMPTY_NOTE, "") };
}
