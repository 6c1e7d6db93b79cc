import type { SampleCode } from "./sample-code.ts";
import type { SamplePrograms } from "./sample-programs.ts";

/** What the contract runs in REPLs of one language. */
export interface LanguageSamples {
  readonly code: SampleCode;
  /** Where there are none, only the checks that every language must pass are made. */
  readonly programs?: SamplePrograms;
}
