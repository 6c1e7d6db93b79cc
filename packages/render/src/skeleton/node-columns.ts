import { type NodeType, RLMError } from "@rlmflow/core";

/** The types of nodes in the order of their codes in {@link NodeColumns.type}. Appended to, never reordered. */
export const NODE_TYPES: readonly NodeType[] = Object.freeze([
  "query",
  "action",
  "call",
  "observation",
  "supervising",
  "resume",
  "error",
  "result",
]);

/** What {@link NodeColumns.flags} says of a node. */
export type FlagName =
  | "end"
  | "edited"
  | "policy"
  | "unknownTokens"
  | "unknownCost"
  | "failed"
  | "intent"
  | "cut"
  | "cutReply"
  | "final"
  | "spoken";

/** Bits of {@link NodeColumns.flags}. */
export const FLAGS: Readonly<Record<FlagName, number>> = Object.freeze({
  /** The node ends its agent. */
  end: 1,
  /** A person or a program made the node. */
  edited: 2,
  /** A policy made the node. */
  policy: 4,
  /** How many tokens its requests took is not known for all of them. */
  unknownTokens: 8,
  /** What its requests cost is not known for all of them. */
  unknownCost: 16,
  /** An error, a call that failed, or a reply of which an attempt failed. */
  failed: 32,
  /** A note that a call is about to be made. */
  intent: 64,
  /** The model was not shown all of the output. */
  cut: 128,
  /** The reply was stopped by its length. */
  cutReply: 256,
  /** The last request that the agent was allowed. */
  final: 512,
  /** An edit that a person spoke to an agent, which goes on from where it stood before. */
  spoken: 1024,
});

/** No parent, and no string. */
export const NONE = 0xffffffff;

/** The columns of one kind each, by name: what an array of them holds, and in how many bytes. */
interface ColumnArrays {
  /** Epoch milliseconds. */
  readonly startedAt: Float64ArrayConstructor;
  /** Tenths of a millisecond, 4,294,967,295 for whatever takes five days or longer. */
  readonly duration: Uint32ArrayConstructor;
  /** Position of the node that `parentId` names; {@link NONE} for none. */
  readonly parent: Uint32ArrayConstructor;
  /** Index in the table of agents. */
  readonly agent: Uint32ArrayConstructor;
  /** Tokens, as far as they are known. */
  readonly input: Uint32ArrayConstructor;
  readonly cached: Uint32ArrayConstructor;
  readonly output: Uint32ArrayConstructor;
  /** Millionths of a dollar, as far as they are known. */
  readonly cost: Uint32ArrayConstructor;
  /** Index in the strings: one line that says what the node is about; {@link NONE} for none. */
  readonly title: Uint32ArrayConstructor;
  /** Milliseconds in which code ran since the node before it of the same block. */
  readonly codeMs: Uint32ArrayConstructor;
  readonly flags: Uint16ArrayConstructor;
  /** Index in the table of models, 255 for none. */
  readonly model: Uint8ArrayConstructor;
  /** Index in {@link NODE_TYPES}. */
  readonly type: Uint8ArrayConstructor;
}

const COLUMN_ARRAYS: ColumnArrays = Object.freeze({
  startedAt: Float64Array,
  duration: Uint32Array,
  parent: Uint32Array,
  agent: Uint32Array,
  input: Uint32Array,
  cached: Uint32Array,
  output: Uint32Array,
  cost: Uint32Array,
  title: Uint32Array,
  codeMs: Uint32Array,
  flags: Uint16Array,
  model: Uint8Array,
  type: Uint8Array,
});

/** The name of a column. */
export type ColumnName = keyof ColumnArrays;

/** What a viewer needs of every node, in the order of the log: 48 bytes a node, whatever the node holds. */
export type NodeColumns = { readonly [K in ColumnName]: InstanceType<ColumnArrays[K]> };

/** The names of the columns in the order in which they are stored, the widest first so that each is aligned. */
export const COLUMN_NAMES: readonly ColumnName[] = Object.freeze(
  Object.keys(COLUMN_ARRAYS) as readonly ColumnName[],
);

/** Bytes of a node in all columns. */
export const NODE_BYTES: number = COLUMN_NAMES.reduce(
  (sum, name) => sum + COLUMN_ARRAYS[name].BYTES_PER_ELEMENT,
  0,
);

/** Columns for so many nodes, all zero. */
export function makeColumns(length: number): NodeColumns {
  const made = COLUMN_NAMES.map((name) => [name, new COLUMN_ARRAYS[name](length)] as const);
  return Object.fromEntries(made) as unknown as NodeColumns;
}

/** The nodes from `start` up to `end` of columns, without copying. */
export function partOf(columns: NodeColumns, start: number, end: number): NodeColumns {
  const parts = COLUMN_NAMES.map((name) => [name, columns[name].subarray(start, end)] as const);
  return Object.fromEntries(parts) as unknown as NodeColumns;
}

/** A first byte that no text has, a name, the version, and room for the count: a multiple of eight, so that all is aligned. */
const HEADER = Uint8Array.of(0x93, 0x52, 0x4c, 0x4d, 0x53, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
const COUNT_AT = 8;

/** The columns as bytes: a header, then one column after the other, little-endian as typed arrays are everywhere. */
export function encodeColumns(columns: NodeColumns): Uint8Array {
  const count = columns.type.length;
  const bytes = new Uint8Array(HEADER.length + count * NODE_BYTES);
  bytes.set(HEADER);
  new DataView(bytes.buffer).setUint32(COUNT_AT, count, true);
  let at = HEADER.length;
  for (const name of COLUMN_NAMES) {
    const { buffer, byteOffset, byteLength } = columns[name];
    bytes.set(new Uint8Array(buffer, byteOffset, byteLength), at);
    at += byteLength;
  }
  return bytes;
}

/** The columns in bytes made by {@link encodeColumns}, without copying where they are aligned. Throws `invalid_graph`. */
export function decodeColumns(bytes: Uint8Array): NodeColumns {
  const whole = bytes.byteOffset % Float64Array.BYTES_PER_ELEMENT === 0 ? bytes : bytes.slice();
  const hasHeader = HEADER.subarray(0, COUNT_AT).every((byte, place) => whole[place] === byte);
  if (!hasHeader || whole.length < HEADER.length)
    throw new RLMError("invalid_graph", "These are no columns of a run, or another version wrote them.");
  const count = new DataView(whole.buffer, whole.byteOffset).getUint32(COUNT_AT, true);
  if (whole.length !== HEADER.length + count * NODE_BYTES)
    throw new RLMError(
      "invalid_graph",
      `The columns of ${count} nodes take ${HEADER.length + count * NODE_BYTES} bytes, and here are ${whole.length}.`,
    );
  let at = whole.byteOffset + HEADER.length;
  const read = COLUMN_NAMES.map((name) => {
    const column = new COLUMN_ARRAYS[name](whole.buffer as ArrayBuffer, at, count);
    at += column.byteLength;
    return [name, column] as const;
  });
  return Object.fromEntries(read) as unknown as NodeColumns;
}

/** Columns twice as long with the same beginning. */
export function grown(columns: NodeColumns): NodeColumns {
  const larger = makeColumns(columns.type.length * 2);
  for (const name of COLUMN_NAMES) larger[name].set(columns[name] as never);
  return larger;
}
