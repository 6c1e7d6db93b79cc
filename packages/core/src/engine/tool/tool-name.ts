import { RLMError } from "../../errors.ts";

const words = (text: string): ReadonlySet<string> => new Set(text.split(/\s+/));

/** Words of the language: no variable can have these names. */
const KEYWORDS = words(
  `arguments async await break case catch class const continue debugger default delete do else enum eval export
   extends false finally for function if implements import in instanceof interface let new null of package private
   protected public return static super switch this throw true try typeof undefined var void while with yield`,
);

/** The same of Python: parameters may have such names, for they are passed by place too. */
const PYTHON_KEYWORDS = words(
  `False None True and as assert def del elif except from global is lambda nonlocal not or pass raise`,
);

/** Names that stand in every REPL and are put back each turn. */
const REPL_NAMES = words(
  `AGENT_ID CONTEXT DEPTH MAX_DEPTH VARIABLES asyncio console delegate done llmQuery llmQueryBatched llm_query
   llm_query_batched print wait`,
);

/** Names of the language's own library, which code relies on. */
const LIBRARY_NAMES = words(
  `AggregateError Array ArrayBuffer AsyncIterator Atomics BigInt BigInt64Array BigUint64Array Boolean DataView Date
   Error EvalError FinalizationRegistry Float16Array Float32Array Float64Array Function Infinity Int16Array Int32Array
   Int8Array Intl Iterator JSON Map Math NaN Number Object Promise Proxy RangeError ReferenceError Reflect RegExp Set
   SharedArrayBuffer String SuppressedError Symbol SyntaxError Temporal TextDecoder TextEncoder TypeError URIError URL
   URLSearchParams Uint16Array Uint32Array Uint8Array Uint8ClampedArray WeakMap WeakRef WeakSet WebAssembly atob btoa
   clearInterval clearTimeout constructor decodeURI decodeURIComponent encodeURI encodeURIComponent escape global
   globalThis hasOwnProperty isFinite isNaN parseFloat parseInt process prototype queueMicrotask require setInterval
   setTimeout structuredClone then toString unescape valueOf __proto__`,
);

/** Why a host function cannot have this name in a REPL, or `null` when it can. */
export function refuseToolName(name: string): string | null {
  if (!/^[A-Za-z_$][\w$]{0,63}$/.test(name)) return "is not a name of 1 to 64 letters, digits, _ or $";
  if (KEYWORDS.has(name)) return "is a word of the language";
  if (PYTHON_KEYWORDS.has(name)) return "is a word of Python, in which agents may write";
  if (REPL_NAMES.has(name) || name.startsWith("__")) return "is reserved: every REPL has it";
  return LIBRARY_NAMES.has(name) ? "is a name of the language's own library" : null;
}

/** Throws `invalid_options` for a name that a host function cannot have. */
export function requireToolName(name: string): void {
  const problem = typeof name === "string" ? refuseToolName(name) : "is not a text";
  if (problem === null) return;
  throw new RLMError(
    "invalid_options",
    `The tool name ${JSON.stringify(name)} ${problem}. Give the tool another name.`,
  );
}
