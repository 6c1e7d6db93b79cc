import type { Kernel } from "../protocols/kernel.ts";
import {
  CODE_IN_THOUGHT,
  explainCall,
  explainNoCode,
  explainOthers,
  explainProse,
  explainReturn,
  explainThinking,
  explainUnclosed,
  explainUntagged,
  FENCE_IN_CODE,
} from "./code-messages.ts";
import { fenceTag, isOurs, isPreferred } from "./fence-tag.ts";
import {
  type ChooseEnd,
  type ChosenEnd,
  type Fence,
  type FenceBody,
  type OpenFence,
  scanFences,
} from "./fences.ts";
import { type OfferedAnswer, offeredAnswer, withoutReturn } from "./offered-answer.ts";
import { proseIn } from "./prose-lines.ts";
import { untagged, withoutReasoning } from "./reasoning.ts";

/** What a reply holds: code to run with what the model should know of how it was found, or why there is none. */
export type FoundCode =
  | { readonly kind: "code"; readonly code: string; readonly notice: string | null }
  /** `offered`: what the reply gives as an answer instead. */
  | { readonly kind: "none"; readonly message: string; readonly offered: OfferedAnswer | null }
  | { readonly kind: "unclosed"; readonly message: string };

/** What is needed of a kernel to find code of its language. */
export type CodeFinder = Pick<Kernel, "fences" | "parses" | "language">;

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
 * Finds the code that a reply asks to run: the first complete block with the kernel's preferred tag, else the
 * first with another of its tags. A closing fence that stands in a comment or a string of the code does not end
 * its block. A block that is never closed is reported, not run. Where no block has a tag of the kernel, an only block
 * without a tag runs if it is plainly code, and a call that gives the answer if it ends the reply. Linear in the reply.
 */
export function findCode(reply: string, kernel: CodeFinder): FoundCode {
  const { text, endsInside } = withoutReasoning(reply);
  if (endsInside) return { kind: "none", message: explainThinking(), offered: null };
  const chooser = new EndChooser(kernel);
  const fences = scanFences(text, chooser.choose);
  const blocks = fences.filter((fence) => isOurs(fence.info, kernel) && !isBlank(fence));
  const preferred = blocks.filter((fence) => isPreferred(fence.info, kernel));
  const chosen = firstToRun(preferred) ?? firstToRun(blocks);
  if (chosen === undefined) return withoutBlock(reply, text, fences, kernel);
  if (!chosen.closed) return { kind: "unclosed", message: explainUnclosed(chosen.info, kernel) };
  const { code, notice } = readCode(chosen.code, kernel);
  const notices = [
    notice,
    blocks.length > 1 ? explainOthers(blocks.length - 1) : "",
    chooser.holdsFence.has(chosen.code) ? FENCE_IN_CODE : "",
  ].filter((part) => part !== "");
  return { kind: "code", code, notice: notices.length === 0 ? null : notices.join("\n") };
}

/** A reply in which no block has a tag of the kernel. */
function withoutBlock(reply: string, text: string, fences: readonly Fence[], kernel: CodeFinder): FoundCode {
  const [only, ...others] = fences;
  if (only !== undefined && others.length === 0 && isCode(only, kernel))
    return { kind: "code", code: only.code, notice: explainUntagged(kernel) };
  const offered = offeredAnswer(text, fences, kernel);
  if (offered?.kind === "call") return { kind: "code", code: offered.code, notice: explainCall(kernel) };
  const holdsOurs = (found: readonly Fence[]) => found.some(({ info }) => isOurs(info, kernel));
  const inThought = !holdsOurs(fences) && holdsOurs(scanFences(untagged(reply)));
  return {
    kind: "none",
    message: inThought ? CODE_IN_THOUGHT : explainNoCode(text, fences, kernel),
    offered,
  };
}

/** True for a block without a tag that parses and does something: data and output seldom call or assign. */
function isCode({ info, code, closed }: Fence, kernel: CodeFinder): boolean {
  return closed && fenceTag(info) === "" && /[(=]/.test(code) && kernel.parses(code) === null;
}

/** The code of a block as it is to be run, with what there is to say about it where it does not parse. */
function readCode(code: string, kernel: CodeFinder): { readonly code: string; readonly notice: string } {
  const mayReturn = /^return\b/m.test(code);
  const prose = proseIn(code);
  if ((!mayReturn && prose === null) || kernel.parses(code) === null) return { code, notice: "" };
  const returned = mayReturn ? withoutReturn(code, kernel) : null;
  if (returned !== null) return { code: returned.code, notice: explainReturn(returned.call) };
  const isProse = prose !== null && kernel.parses(prose.rest) === null;
  return { code, notice: isProse ? explainProse(prose.line, prose.text) : "" };
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
  readonly #kernel: CodeFinder;
  #parsesLeft = MAX_PARSES;

  constructor(kernel: CodeFinder) {
    this.#kernel = kernel;
  }

  readonly choose: ChooseEnd = (fence) => {
    if (this.#parsesLeft <= 0 || !isOurs(fence.info, this.#kernel)) return null;
    const nearest = fence.read({ ends: 1 });
    const chosen = nearest.ends.length === 0 ? this.#chooseLoose(fence) : this.#chooseFrom(fence, nearest);
    const isFound =
      chosen !== null && isPreferred(fence.info, this.#kernel) && codeUpTo(chosen).trim() !== "";
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
    return info !== undefined && isPreferred(info, this.#kernel);
  }

  #parses(code: string): boolean {
    if (this.#parsesLeft <= 0) return false;
    this.#parsesLeft -= 1;
    return this.#kernel.parses(code) === null;
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
