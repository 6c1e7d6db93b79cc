import type { Language } from "../protocols/language.ts";
import {
  CODE_IN_THOUGHT,
  explainCall,
  explainNoCode,
  explainOthers,
  explainReturn,
  explainThinking,
  explainUnclosed,
  explainUnfenced,
  explainUntagged,
  FENCE_IN_CODE,
  INVENTED_OUTPUT,
} from "./code-messages.ts";
import {
  type ChooseEnd,
  type ChosenEnd,
  type Fence,
  type FenceBody,
  fenceTag,
  type OpenFence,
  scanFences,
  splitLines,
} from "./fences.ts";
import { type OfferedAnswer, offeredAnswer, withAnswer, withoutReturn } from "./offered-answer.ts";
import { untagged, withoutReasoning } from "./reasoning.ts";

/** What a reply holds: code to run with what the model should know of how it was found, or why there is none. */
export type FoundCode =
  | { readonly kind: "code"; readonly code: string; readonly notice: string | null }
  /** `offered`: the answer that the reply gives without code, if any. */
  | { readonly kind: "none"; readonly message: string; readonly offered: OfferedAnswer | null }
  | { readonly kind: "unclosed"; readonly message: string };

/** What is needed of a language to find code in it. */
export type CodeFinder = Pick<Language, "fences" | "parses" | "name">;

/**
 * Parse attempts made for one reply, each over a part of it, so that finding code costs at most that many times
 * the parsing of the whole reply. When they are used up, each block ends at its first closing fence.
 */
export const MAX_PARSES = 24;

/** Closing fences tried as the end of one block. */
const MAX_ENDS = 10;

/** Stands for a closing fence while it is tried: only inside a comment or a string does this parse. */
const NONSENSE = ")]}";

/**
 * Finds the code that a reply asks to run: the first complete block with the language's preferred tag, else the
 * first with another of its tags. A closing fence that stands in a comment or a string of the code does not end
 * its block. A block that is never closed is reported, not run. Where no block has a tag of the language, an only block
 * without a tag runs if it is plainly code, and so does a reply without any fence or, of other text, a call at its end that
 * gives the answer. Linear in the reply.
 */
export function findCode(reply: string, language: CodeFinder): FoundCode {
  const { text, endsInside } = withoutReasoning(reply);
  if (endsInside) return { kind: "none", message: explainThinking(), offered: null };
  const chooser = new EndChooser(language);
  const fences = scanFences(text, chooser.choose);
  const blocks = fences.filter((fence) => language.fences.includes(fence.tag) && !isBlank(fence));
  const preferred = blocks.filter(({ tag }) => tag === language.fences[0]);
  const chosen = firstToRun(preferred) ?? firstToRun(blocks);
  if (chosen === undefined) return withoutBlock(reply, text, fences, language);
  if (!chosen.closed) return { kind: "unclosed", message: explainUnclosed(chosen.tag, language) };
  const { code, notice } = readCode(chosen.code, language);
  const notices = [
    notice,
    blocks.length > 1 ? explainOthers(blocks.length - 1) : "",
    inventsOutput(text, chosen, fences, language) ? INVENTED_OUTPUT : "",
    chooser.holdsFence.has(chosen.code) ? FENCE_IN_CODE : "",
  ].filter((part) => part !== "");
  return { kind: "code", code, notice: notices.length === 0 ? null : notices.join("\n") };
}

/** A reply in which no block has a tag of the language. */
function withoutBlock(
  reply: string,
  text: string,
  fences: readonly Fence[],
  language: CodeFinder,
): FoundCode {
  const [only, ...others] = fences;
  if (only !== undefined && others.length === 0 && isCode(only, language))
    return { kind: "code", code: only.code, notice: explainUntagged(language) };
  const unfenced = fences.length === 0 ? unfencedCode(text, language) : null;
  if (unfenced !== null) return { kind: "code", code: unfenced, notice: explainUnfenced(language) };
  const offered = offeredAnswer(text, fences, language);
  if (offered?.kind === "call") return { kind: "code", code: offered.code, notice: explainCall(language) };
  const holdsOurs = (found: readonly Fence[]) => found.some(({ tag }) => language.fences.includes(tag));
  const inThought = !holdsOurs(fences) && holdsOurs(scanFences(untagged(reply)));
  return {
    kind: "none",
    message: inThought ? CODE_IN_THOUGHT : explainNoCode(text, fences, language),
    offered,
  };
}

/** True for a block without a tag that parses and does something: data and output seldom call or assign. */
function isCode({ tag, code, closed }: Fence, language: CodeFinder): boolean {
  return closed && tag === "" && /[(=]/.test(code) && language.parses(code) === null;
}

/** A call or an assignment as a statement of code begins with it: prose puts a space before its parentheses. */
const STATEMENT =
  /^[ \t]*(?:await[ \t]+|(?:const|let|var)[ \t]+)?[\w$.]+(?:\[[^\]\n]*\])?(?:\(|[ \t]*=[^=])/m;

/**
 * The code of a reply without fences that is code from its first line that is no prose: several statements, or one that
 * calls something else than what gives the answer. A call of that kind at its end becomes `await done(…)`.
 */
function unfencedCode(text: string, language: CodeFinder): string | null {
  const lines = withoutLeadingProse(splitLines(text.trim()));
  const code = lines.join("\n");
  if (!STATEMENT.test(code) || !/\w\(/.test(code)) return null;
  const answered = withAnswer(lines, language);
  if (answered === null) return language.parses(code) === null ? code : null;
  return answered.isAlone || language.parses(answered.code) !== null ? null : answered.code;
}

/** Three words or more that begin like a sentence and hold nothing that occurs only in code. */
const PROSE = /^[ \t]*[A-Z][\w'’]*,?(?:[ \t]+[\w'’"/%.-]+[,;:]?){2,}[.:!?]?[ \t]*$/;

/** The lines without prose and empty lines at their beginning. */
function withoutLeadingProse(lines: readonly string[]): readonly string[] {
  const first = lines.findIndex((line) => line.trim() !== "" && !PROSE.test(line));
  return first === -1 ? [] : lines.slice(first);
}

/** Whether a reply goes on behind the block that runs with what looks like the output of it. */
function inventsOutput(
  text: string,
  chosen: Fence,
  fences: readonly Fence[],
  language: Pick<Language, "fences">,
): boolean {
  const later = fences.filter(({ line }) => line >= chosen.endLine);
  if (later.some(({ tag }) => OUTPUT_TAGS.includes(tag) && !language.fences.includes(tag))) return true;
  const inFence = (at: number) => later.some(({ line, endLine }) => line <= at && at < endLine);
  return text.split("\n").some((line, at) => at >= chosen.endLine && OUTPUT.test(line) && !inFence(at));
}

/** Tags of blocks in which models write what they think that their code printed. */
const OUTPUT_TAGS = ["", "output", "text", "txt", "plaintext", "console", "stdout", "result"];
const OUTPUT = /^[ \t>*_#`]*(?:output|stdout|execution result|result of the code)\b[ \t*_`]*:/i;

/** The code of a block as it is to be run, with what there is to say where its last statement returns the answer. */
function readCode(code: string, language: CodeFinder): { readonly code: string; readonly notice: string } {
  if (!/^return\b/m.test(code) || language.parses(code) === null) return { code, notice: "" };
  const returned = withoutReturn(code, language);
  return returned === null
    ? { code, notice: "" }
    : { code: returned.code, notice: explainReturn(returned.call) };
}

function firstToRun(blocks: readonly Fence[]): Fence | undefined {
  return blocks.find((fence) => fence.closed) ?? blocks[0];
}

function isBlank(fence: Fence): boolean {
  return fence.closed && fence.code.trim() === "";
}

/** Chooses the ends of blocks by what parses, until a block that will run is found or the attempts are used up. */
class EndChooser {
  /** Code of blocks that broke off at a fence line which belongs to their text. */
  readonly holdsFence: Set<string> = new Set();
  readonly #language: CodeFinder;
  #parsesLeft = MAX_PARSES;

  constructor(language: CodeFinder) {
    this.#language = language;
  }

  readonly choose: ChooseEnd = (fence) => {
    if (this.#parsesLeft <= 0 || !this.#language.fences.includes(fence.tag)) return null;
    const nearest = fence.read({ ends: 1 });
    const chosen = nearest.ends.length === 0 ? this.#chooseLoose(fence) : this.#chooseFrom(fence, nearest);
    const isFound =
      chosen !== null && fence.tag === this.#language.fences[0] && codeUpTo(chosen).trim() !== "";
    if (isFound) this.#parsesLeft = 0;
    return chosen;
  };

  #chooseFrom(fence: OpenFence, nearest: FenceBody): ChosenEnd | null {
    const first = { body: nearest, end: 0 };
    if (this.#parses(codeUpTo(first))) return first;
    return this.#extend(fence.read({ ends: MAX_ENDS })) ?? first;
  }

  /** The list item ended before the block did: the model forgot to indent its code. */
  #chooseLoose(fence: OpenFence): ChosenEnd | null {
    const body = fence.read({ ends: MAX_ENDS, loose: true });
    const end = body.ends[0];
    this.#parsesLeft -= 1;
    if (end === undefined || body.lines.slice(0, end).some((line) => this.#opensBlock(line))) return null;
    const first = { body, end: 0 };
    return this.#parses(codeUpTo(first)) ? first : (this.#extend(body) ?? first);
  }

  /** A later end, up to which the code parses and every earlier one stands in a comment or a string. */
  #extend(body: FenceBody): ChosenEnd | null {
    for (let end = 1; end < body.ends.length; end += 1) {
      const between = body.lines.slice(body.ends[end - 1], body.ends[end]);
      if (between.some((line) => this.#opensBlock(line))) return null;
      const chosen = { body, end };
      if (!this.#parses(withoutEnds(chosen, () => NONSENSE))) continue;
      const isText = this.#parses(withoutEnds(chosen, (fence) => fence.trim().charAt(0) + NONSENSE));
      if (isText && this.#parses(codeUpTo(chosen))) return chosen;
      this.holdsFence.add(codeUpTo({ body, end: 0 }));
      return null;
    }
    return null;
  }

  #opensBlock(line: string): boolean {
    const info = /^ {0,3}(?:`{3,}|~{3,})(.*)$/s.exec(line)?.[1]?.trim();
    return info !== undefined && fenceTag(info) === this.#language.fences[0];
  }

  #parses(code: string): boolean {
    if (this.#parsesLeft <= 0) return false;
    this.#parsesLeft -= 1;
    return this.#language.parses(code) === null;
  }
}

function codeUpTo({ body, end }: ChosenEnd): string {
  return body.lines.slice(0, body.ends[end]).join("\n");
}

/**
 * The code with its inner closing fences replaced. With nonsense it parses where they stand in a comment or any
 * string; with their first character before the nonsense only where that character does not end the string.
 */
function withoutEnds({ body, end }: ChosenEnd, replace: (line: string) => string): string {
  const lines = body.lines.slice(0, body.ends[end]);
  for (const inner of body.ends.slice(0, end)) lines[inner] = replace(lines[inner] ?? "");
  return lines.join("\n");
}
