import { type Fence, fencesOf } from "./markdown-fences.ts";
import { commandsOf } from "./shell-commands.ts";
import type { SourceFile } from "./source-files.ts";

/** What a reader does who follows a document from an empty folder on, in its order. */
export type DocumentStep =
  | { readonly kind: "save"; readonly place: string; readonly path: string; readonly text: string }
  | {
      readonly kind: "run";
      readonly place: string;
      readonly words: readonly string[];
      readonly stays: boolean;
    }
  | { readonly kind: "see"; readonly place: string; readonly output: string };

/**
 * The steps of a document. The info string of a fence says what is done with it:
 *
 * - `ts file examples/a/b.ts`, in any language: it is saved; it is that file of the repository.
 * - `sh`: its commands are run; `sh stays`: they are left running.
 * - `text prints`: what the command before it printed; a line `…` stands for any number of lines.
 */
export function stepsOf(document: SourceFile): readonly DocumentStep[] {
  return fencesOf(document.path, document.text).flatMap((fence): readonly DocumentStep[] => {
    const { path, line, language, mark, text } = fence;
    const place = `${path}:${line}`;
    const [, file] = /^file (\S+)$/.exec(mark) ?? [];
    if (file !== undefined) return [{ kind: "save", place, path: file, text: `${text}\n` }];
    if (language === "sh") return commandSteps(fence);
    return language === "text" && mark === "prints" ? [{ kind: "see", place, output: text }] : [];
  });
}

function commandSteps({ path, line, mark, text }: Fence): readonly DocumentStep[] {
  return commandsOf({ path, text: `~~~sh\n${text}\n~~~` }).map(({ words }) => ({
    kind: "run",
    place: `${path}:${line}`,
    words,
    stays: mark === "stays",
  }));
}
