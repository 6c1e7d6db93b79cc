/** What the runner places on the host's globalThis; code that reads it there has left its sandbox. */
export const HOST_MARKER = "rlmflowHostMarker";

/** What a case prints when it found something of the host. */
export const FINDING = "FOUND";

/**
 * The block that runs before those of every case. It makes `probe(label, find)`: what `find` gives is taken
 * for a function constructor, a global object, or something that leads to one, and whatever it shows of a
 * host is printed. `keep` holds what must survive tampering with the REPL's own globals.
 */
export const PRELUDE: string = `
globalThis.probe = (() => {
  const write = print;
  const marks = ["process", "require", "module", "Buffer", "setImmediate", "Deno", "Bun", "${HOST_MARKER}"];
  const inspect = (label, holder) => {
    for (const mark of marks) {
      let value;
      try { value = holder[mark]; } catch { continue; }
      if (value !== undefined) write("${FINDING} " + mark + " by " + label + ": " + typeof value);
    }
  };
  const texts = ["return globalThis", "return this", "return { process }", "return { require }"];
  const open = (label, make) => {
    for (const text of texts) {
      try {
        const made = make(text);
        const given = made();
        inspect(label, given);
        if (typeof given.next === "function") inspect(label, given.next().value);
        if (typeof given.then === "function") given.then((value) => inspect(label, value), () => {});
      } catch {}
    }
  };
  const examine = (label, value) => {
    if (value === null || value === undefined) return;
    inspect(label, value);
    if (typeof value === "function") open(label, value);
    try { open(label, value.constructor); } catch {}
    try { open(label, value.constructor.constructor); } catch {}
    try { open(label, Object.getPrototypeOf(value).constructor.constructor); } catch {}
  };
  return async (label, find) => {
    try {
      const value = await find();
      examine(label, value);
      if (Array.isArray(value)) for (const item of value) examine(label, item);
    } catch (error) {
      try { examine(label + " (thrown)", error); } catch {}
    }
    write(label + " tried");
  };
})();
`;
