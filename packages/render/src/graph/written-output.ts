import type { RunNode } from "@rlmflow/core";

/** A node that has the record of a block. */
type BlockNode = Extract<RunNode, { readonly type: "observation" | "supervising" | "resume" | "error" }>;

/** Characters that a block had written, of which the model was shown `shown`; of output in a blob its bytes are taken for them. */
export function writtenOutput({ block, blobs }: BlockNode): {
  readonly written: number;
  readonly shown: number;
} {
  const written = block?.cut?.total ?? block?.output?.length ?? blobs?.output?.bytes ?? 0;
  return { written, shown: block?.shown ?? written };
}
