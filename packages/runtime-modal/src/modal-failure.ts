import { RLMError } from "@rlmflow/core";

/** Numbers of gRPC that say why a call to Modal failed. */
const REFUSED: readonly number[] = [7, 16];
const UNREACHABLE: readonly number[] = [4, 14];

/** The error for a step that Modal did not take: what was wanted, why not, what to do. */
export function modalFailure(wanted: string, cause: unknown): RLMError {
  if (RLMError.is(cause)) return cause;
  const { code, text } = readFailure(cause);
  if (text.includes("missing credentials")) {
    const ways = "give credentials, set MODAL_TOKEN_ID and MODAL_TOKEN_SECRET, or run: modal setup";
    return new RLMError("missing_key", `Modal has no token to go by: ${ways}`, { cause });
  }
  if (code !== null && REFUSED.includes(code)) {
    return new RLMError("runtime_failed", `Modal refused the token: ${text} Is it still valid?`, { cause });
  }
  if (code !== null && UNREACHABLE.includes(code)) {
    return new RLMError("runtime_failed", `Modal cannot be reached: ${text}`, { cause });
  }
  return new RLMError("runtime_failed", `${wanted}: ${text}`, { cause });
}

/** What an error of the SDK says, without the path of the call that it begins with. */
export function failureText(cause: unknown): string {
  return readFailure(cause).text;
}

function readFailure(cause: unknown): { readonly code: number | null; readonly text: string } {
  if (!(cause instanceof Error)) return { code: null, text: String(cause) };
  const code = "code" in cause && typeof cause.code === "number" ? cause.code : null;
  const details = "details" in cause && typeof cause.details === "string" ? cause.details : "";
  return { code, text: details === "" ? cause.message : details };
}
