import { missingNames } from "../realm/missing-names.ts";
import { registerNative } from "../realm/native-values.ts";
import {
  bare,
  defineMethods,
  objectFreeze,
  reflectSetPrototypeOf,
  TypeErrorConstructor,
  WeakMapConstructor,
  weakMapGet,
  weakMapSet,
} from "../realm/primordials.ts";
import type { Payload } from "./payload.ts";
import { installTextHints, type TextHints } from "./text-hints.ts";

/** A range of a payload whose ends split no surrogate pair. */
export interface PayloadRange {
  readonly key: string;
  readonly start: number;
  readonly end: number;
}

interface SliceState {
  readonly payload: Payload;
  readonly start: number;
  readonly end: number;
}

/**
 * Slices: ranges of a payload that code can hold, read and pass to a child without copying.
 * A slice is known by identity; its text is read only when asked for.
 */
export class Slices {
  readonly #states = new WeakMapConstructor<object, SliceState>();
  readonly #prototype: object;

  constructor() {
    const textOf = (self: unknown): string => {
      const state = this.#stateOf(self);
      if (state === undefined) throw new TypeErrorConstructor("this is not a slice of CONTEXT");
      return state.payload.read(state.start, state.end);
    };
    const prototype = {};
    const names = missingNames((name) => {
      if (name === "then") return undefined;
      throw new TypeErrorConstructor(`A slice has no ${name}; it has text(), length, start, end and key`);
    });
    reflectSetPrototypeOf(prototype, names);
    const explain: TextHints["explain"] = (self, kind, instead) => {
      const state = this.#stateOf(self);
      const name = state === undefined ? "CONTEXT.slice()" : `CONTEXT.slice(${state.start}, ${state.end})`;
      return `a slice is not a ${kind}: text() reads it, as in ${name}.${instead}`;
    };
    installTextHints(prototype, { explain, lines: 'text().split("\\n")' });
    defineMethods(prototype, {
      text(): string {
        return textOf(this);
      },
      toString(): string {
        return textOf(this);
      },
      toJSON(): string {
        return textOf(this);
      },
    });
    this.#prototype = objectFreeze(prototype);
  }

  /** A slice object for a guest. */
  make(payload: Payload, start: number, end: number): object {
    const slice = bare({ key: payload.key, start, end, length: end - start });
    reflectSetPrototypeOf(slice, this.#prototype);
    this.adopt(slice, { payload, start, end }, `CONTEXT.slice(${start}, ${end})`);
    return objectFreeze(slice);
  }

  /** Makes an object stand for a range: a slice, or a payload as a whole. */
  adopt(object: object, state: SliceState, label: string): void {
    weakMapSet(this.#states, object, state);
    const { payload, start, end } = state;
    const alone = `${label} stands for ${end - start} characters: text() reads them`;
    registerNative(object, { label, alone, text: () => payload.read(start, end) });
  }

  /** The range that a slice stands for, or `undefined` for anything else. */
  rangeOf(value: unknown): PayloadRange | undefined {
    const state = this.#stateOf(value);
    if (state === undefined) return undefined;
    const { payload } = state;
    return { key: payload.key, start: payload.snap(state.start), end: payload.snap(state.end) };
  }

  #stateOf(value: unknown): SliceState | undefined {
    return typeof value === "object" && value !== null ? weakMapGet(this.#states, value) : undefined;
  }
}
