import type { FileLimits, FilePlace, FileRoot, FileSpaceOptions } from "./file-space.ts";
import { FileSpace } from "./file-space.ts";
import { TotalSize } from "./total-size.ts";

/** The file spaces of one set of tools: one, or in a workspace one for each branch. Owns what they share: the totals. */
export class FileSpaces {
  readonly limits: FileLimits;
  /** True when a write whose answer was lost can be repeated: what files were is on record. */
  readonly repeatable: boolean;
  readonly #root: FileRoot;
  readonly #options: FileSpaceOptions;
  readonly #totals = new Map<string, TotalSize>();

  constructor(root: FileRoot, options: FileSpaceOptions) {
    this.#root = root;
    this.#options = options;
    this.limits = options.limits;
    this.repeatable = typeof root === "object" && "filesOf" in root;
  }

  /** The space that a call works in. */
  of({ effectKey }: { readonly effectKey: string }): FileSpace {
    const place = this.#placeOf(effectKey);
    const total = this.#totals.get(place.directory) ?? this.#newTotal(place.directory);
    return new FileSpace({ ...place, total }, this.#options);
  }

  #placeOf(effectKey: string): Omit<FilePlace, "total"> {
    const root = this.#root;
    if (typeof root === "string") return { directory: root };
    return "filesOf" in root ? root.filesOf(effectKey) : { directory: root.path() };
  }

  #newTotal(directory: string): TotalSize {
    const total = new TotalSize({ bytes: this.limits.maxTotalBytes, files: this.limits.maxFiles });
    this.#totals.set(directory, total);
    return total;
  }
}
