import type { JsonValue } from "../data/json.ts";
import { languageName } from "../data/words.ts";
import type { Language } from "../protocols/language.ts";
import type { Fence } from "./fences.ts";

type Spoken = Pick<Language, "fences" | "name">;

const PYTHON_TAGS = ["python", "py", "python3", "ipython", "tool_code"];
const PYTHON_LINE =
  /^[ \t]*(?:def \w+\(|elif |from [\w.]+ import |import \w+[ \t]*$|for \w+ in \w+.*:[ \t]*$)/m;
const TAGS_NAMED = 5;
const TAG_LENGTH = 20;
const FENCE = "```";
/** The longest answer that is written out for the model. */
const MAX_LITERAL = 400;

/** Told when a block broke off at a fence line of its own text. */
export const FENCE_IN_CODE =
  "Your code has a fence line in its text, and the block was taken to end there. Open and close the block with a longer fence (````), or write the backticks in the text as an escape.";

/** For a reply whose only code is in its reasoning. */
export const CODE_IN_THOUGHT =
  "The code in your reply is inside its reasoning section, where nothing runs. Write the block after the end of that section. Nothing ran.";

/** Told when the whole reply is reasoning. */
export function explainThinking(): string {
  return "Your reply begins with a reasoning section that is never closed, so nothing in it ran. Close the section first.";
}

/** Told when the block to run has no closing fence. */
export function explainUnclosed(tag: string, language: Spoken): string {
  return `Your \`${shorten(tag)}\` block is never closed, so it did not run: the reply may have been cut off. Send the whole block again, in smaller steps if it is long. It ends with a line that holds nothing but the fence:\n${block("print(1 + 1)", language)}`;
}

/** Told when other blocks stood beside the one that ran. */
export function explainOthers(count: number): string {
  const others = count === 1 ? "the other code block was" : `the ${count} other code blocks were`;
  return `Only one block runs a turn: ${others} not run. Send ${count === 1 ? "it" : "them"} in your next ${count === 1 ? "reply" : "replies"} if still needed.`;
}

/** Told when a reply holds what looks like output of the block that it had only just asked to run. */
export const INVENTED_OUTPUT = "Output that you write into a reply yourself is not real.";

/** For a block without a tag that was run. */
export function explainUntagged(language: Spoken): string {
  return `The block had no tag and was run as ${languageName(language.name)}: begin it with ${fence(language)} from now on.`;
}

/** For a call outside any block that was run as the answer. */
export function explainCall(language: Spoken): string {
  return `Your reply had no fence, so only the call at its end was run, as your answer: write code in a block that begins with ${fence(language)}.`;
}

/** Told when a reply without any fence was run as code. */
export function explainUnfenced(language: Spoken): string {
  return `Your reply had no fence and was run as ${languageName(language.name)}: begin code with ${fence(language)} from now on.`;
}

/** Told when the value that the last reply ends by showing was taken as the answer. */
export function explainShown(call: string): string {
  return `This was your last reply, and what it ends by showing was taken as your answer, by ${shortened(call)}.`;
}

/** For JSON outside any block that was accepted as the answer. */
export const JSON_TAKEN =
  "Your reply had no code to run, and the value in it was taken as your answer. To give an answer, call `done` with it in a block of code.";

/** For a last statement that returned the answer from the top level. */
export function explainReturn(call: string): string {
  return `A block is not a function, so its last statement was run without \`return\`, as ${shortened(call)}.`;
}

/** For a reply in which no block can run: what was found instead. */
export function explainNoCode(text: string, fences: readonly Fence[], language: Spoken): string {
  const reasons = [describeBlocks(fences, language), describePython(text, fences, language), "Nothing ran."];
  return reasons.filter((part) => part !== "").join(" ");
}

/** What the advice after a reply without code depends on. */
export interface NextReply {
  readonly language: Spoken & Pick<Language, "literal">;
  /** Whether there is input that the conversation does not hold. */
  readonly hasUnseenInput: boolean;
  /** An acceptable answer close to the one that the reply offers, if there is one. */
  readonly suggested: JsonValue | undefined;
  /** Why the JSON in the reply can't be the answer; `null` if it can. */
  readonly problem: string | null;
  /** The type of the answer in words; `null` for any. */
  readonly wanted: string | null;
}

/** Advice after a reply without code: its answer written as code, if it offers one, and how to continue. */
export function explainNext(next: NextReply): string {
  const { language, hasUnseenInput } = next;
  const answer = explainAnswer(next);
  if (!hasUnseenInput)
    return `${answer}\nTo go on instead, write ${languageName(language.name)} in such a block.`;
  const how = `The input is in CONTEXT, which code reads. To go on, write ${languageName(language.name)} in one block like this:`;
  return `${answer}\n${how}\n${block("print(CONTEXT.read(0, 1000))", language)}`;
}

function explainAnswer({ language, suggested, problem, wanted }: NextReply): string {
  const misfit = problem === null ? "" : `As an answer it does not fit: ${problem.replaceAll("\n", "; ")}. `;
  const literal = suggested === undefined ? "" : (language.literal?.(suggested) ?? JSON.stringify(suggested));
  if (literal !== "" && literal.length <= MAX_LITERAL && !literal.includes(FENCE))
    return `${misfit}If this is your answer, send it as code:\n${block(`await done(${literal})`, language)}`;
  const needed = wanted === null ? "" : `, which must be ${withArticle(wanted)}`;
  return `${misfit}To answer, write \`await done(answer)\` in a block that begins with ${fence(language)}, with your answer${needed}.`;
}

/** The words for a type, as a sentence has them. */
function withArticle(words: string): string {
  if (/^(?:integer|object)$/.test(words)) return `an ${words}`;
  return /^(?:number|string|boolean)$/.test(words) ? `a ${words}` : words;
}

function describeBlocks(fences: readonly Fence[], language: Spoken): string {
  if (fences.length === 0) return "Your reply has no code block.";
  const ours = fences.find(({ tag }) => language.fences.includes(tag));
  if (ours !== undefined) {
    return `Your \`${shorten(ours.tag)}\` block is empty: the code begins on the line after the fence.`;
  }
  const tags = [...new Set(fences.map((fence) => shorten(fence.tag)))];
  const named = tags.slice(0, TAGS_NAMED).map((tag) => (tag === "" ? "no tag" : `the tag \`${tag}\``));
  const more = tags.length > TAGS_NAMED ? ` and ${tags.length - TAGS_NAMED} more` : "";
  return `Your reply has no block that can run, only blocks with ${named.join(", ")}${more}.`;
}

function describePython(text: string, fences: readonly Fence[], language: Spoken): string {
  if (PYTHON_TAGS.includes(language.name.toLowerCase())) return "";
  const isTagged = fences.some(({ tag }) => PYTHON_TAGS.includes(tag));
  return isTagged || PYTHON_LINE.test(text)
    ? `The REPL speaks ${languageName(language.name)}, not Python.`
    : "";
}

function block(code: string, language: Spoken): string {
  return `${FENCE}${language.fences[0] ?? ""}\n${code}\n${FENCE}`;
}

function fence(language: Spoken): string {
  return `${FENCE}${language.fences[0] ?? ""}`;
}

function shortened(code: string): string {
  return code.length > MAX_LITERAL ? `${code.slice(0, MAX_LITERAL)}…` : code;
}

function shorten(tag: string): string {
  return tag.length > TAG_LENGTH ? `${tag.slice(0, TAG_LENGTH)}…` : tag;
}
