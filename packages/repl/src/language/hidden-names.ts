/** The names a compiled block uses for itself. No identifier of the block's own is one of them. */
export interface HiddenNames {
  /** The evaluator's binding object, set to undefined before the block runs. */
  readonly bindings: string;
  /** Constants, so that an assignment to them throws as one to the block's own constant does. */
  readonly constant: string;
  readonly trueConstant: string;
  /** `eval`, called by a name under which it sees only globals. */
  readonly indirectEval: string;
  /** Takes the value of a statement, which nobody will await. */
  readonly dropped: string;
  /** Makes of a callback one whose value is taken in the same way. */
  readonly dropping: string;
  /** A new name at each call. */
  next(): string;
}

const STEM = /\$r(\d+)/g;
const ESCAPE = /\\u(?:\{([0-9a-fA-F]{1,6})\}|([0-9a-fA-F]{4}))/g;

/** Chooses names that neither the text nor an identifier written with escapes holds. Linear in the text. */
export function hiddenNames(code: string): HiddenNames {
  const taken = new Set(
    [...code.matchAll(STEM), ...unescaped(code).matchAll(STEM)].map(([, digits]) => digits),
  );
  let number = 0;
  while (taken.has(String(number))) number += 1;
  const stem = `$r${number}`;
  let made = 0;
  return {
    bindings: stem,
    constant: `${stem}c`,
    trueConstant: `${stem}t`,
    indirectEval: `${stem}e`,
    dropped: `${stem}d`,
    dropping: `${stem}f`,
    next: () => {
      made += 1;
      return `${stem}n${made}`;
    },
  };
}

function unescaped(code: string): string {
  return code.replace(ESCAPE, (written, braced?: string, plain?: string) => {
    const point = Number.parseInt(braced ?? plain ?? "", 16);
    return point <= 0x10ffff ? String.fromCodePoint(point) : written;
  });
}
