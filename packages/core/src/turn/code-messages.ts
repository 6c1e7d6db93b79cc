import type { Kernel } from "../protocols/kernel.ts";
import { fenceTag, isOurs } from "./fence-tag.ts";
import type { Fence } from "./fences.ts";
import { languageName } from "./language-name.ts";

type Language = Pick<Kernel, "fences" | "language">;

const PYTHON_TAGS = ["python", "py", "python3", "ipython", "tool_code"];
const PYTHON_LINE =
  /^[ \t]*(?:def \w+\(|elif |from [\w.]+ import |import \w+[ \t]*$|for \w+ in \w+.*:[ \t]*$)/m;
const TAGS_NAMED = 5;
const TAG_LENGTH = 20;

/** Told when a block broke off at a fence line of its own text. */
export const FENCE_IN_CODE =
  "Your code has a fence line in its text, and the block was taken to end there. Open and close the block with a longer fence (````), or write the backticks in the text as an escape.";

/** Told when the whole reply is reasoning. */
export function explainThinking(kernel: Language): string {
  return `Your reply begins with a reasoning section that is never closed, so nothing in it ran. Close the section, then ${howToWrite(kernel)}`;
}

/** Told when the block to run has no closing fence. */
export function explainUnclosed(info: string, kernel: Language): string {
  const tag = shorten(fenceTag(info));
  return `Your \`${tag}\` block is never closed, so it did not run: the reply may have been cut off. Send the whole block again, in smaller steps if it is long. It ends with a line that holds nothing but the fence:\n${example(kernel)}`;
}

/** Told when other blocks stood beside the one that ran. */
export function explainOthers(count: number): string {
  const others = count === 1 ? "1 other code block was" : `${count} other code blocks were`;
  return `Only one block runs a turn: the ${others} not run.`;
}

/** Told when no block of the reply can run: what was seen, and what to write instead. */
export function explainNoCode(text: string, fences: readonly Fence[], kernel: Language): string {
  const reasons = [describeBlocks(fences, kernel), describePython(text, fences, kernel)];
  const reason = reasons.filter((part) => part !== "").join(" ");
  return `${reason} Nothing ran. To go on, ${howToWrite(kernel)}`;
}

function describeBlocks(fences: readonly Fence[], kernel: Language): string {
  if (fences.length === 0) return "Your reply has no code block.";
  const ours = fences.find((fence) => isOurs(fence.info, kernel));
  if (ours !== undefined) {
    return `Your \`${shorten(fenceTag(ours.info))}\` block is empty: the code begins on the line after the fence.`;
  }
  const tags = [...new Set(fences.map((fence) => shorten(fenceTag(fence.info))))];
  const named = tags.slice(0, TAGS_NAMED).map((tag) => (tag === "" ? "no tag" : `the tag \`${tag}\``));
  const more = tags.length > TAGS_NAMED ? ` and ${tags.length - TAGS_NAMED} more` : "";
  return `Your reply has no block that can run, only blocks with ${named.join(", ")}${more}.`;
}

function describePython(text: string, fences: readonly Fence[], kernel: Language): string {
  if (PYTHON_TAGS.includes(kernel.language.toLowerCase())) return "";
  const isTagged = fences.some((fence) => PYTHON_TAGS.includes(fenceTag(fence.info)));
  return isTagged || PYTHON_LINE.test(text)
    ? `The REPL speaks ${languageName(kernel.language)}, not Python.`
    : "";
}

function howToWrite(kernel: Language): string {
  return `write ${languageName(kernel.language)} in one block like this:\n${example(kernel)}`;
}

function example(kernel: Language): string {
  return `\`\`\`${kernel.fences[0] ?? ""}\n…\n\`\`\``;
}

function shorten(tag: string): string {
  return tag.length > TAG_LENGTH ? `${tag.slice(0, TAG_LENGTH)}…` : tag;
}
