/** A script as units that may be run one by one: each uses only what units before it declared. */
export interface GeneratedProgram {
  readonly units: readonly string[];
  /** Names that each unit declares at the top level, by unit. */
  readonly names: readonly (readonly string[])[];
}

/** Numbers from 0 up to, not including, 1, the same for the same seed. */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Writes a program of declarations, loops, closures, classes and throws. No name is declared twice, every loop ends. */
export function generateProgram(random: () => number): GeneratedProgram {
  return new ProgramWriter(random).write();
}

type Rule = (writer: ProgramWriter) => string;

class ProgramWriter {
  readonly #random: () => number;
  #made = 0;
  /** Names that hold numbers and may be assigned to, those that may not, functions of a number, lists, classes. */
  readonly variables: string[] = [];
  readonly constants: string[] = [];
  readonly functions: string[] = [];
  readonly lists: string[] = [];
  readonly classes: string[] = [];
  #declared: string[] = [];

  constructor(random: () => number) {
    this.#random = random;
  }

  write(): GeneratedProgram {
    const units = [this.unit(RULES.slice(0, 1))];
    const names = [this.#take()];
    for (let count = 4 + this.below(14); count > 0; count -= 1) {
      units.push(this.unit(RULES));
      names.push(this.#take());
    }
    units.push(this.expression(2));
    names.push([]);
    return { units, names };
  }

  #take(): string[] {
    const names = this.#declared;
    this.#declared = [];
    return names;
  }

  unit(rules: readonly Rule[]): string {
    const text = this.pick(rules)(this);
    return this.chance(0.1) ? `${text} // ${this.pick(["}", "`", "'", "(", "*/"])}` : text;
  }

  below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  chance(share: number): boolean {
    return this.#random() < share;
  }

  pick<Item>(items: readonly Item[]): Item {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new RangeError("nothing to pick from");
    return item;
  }

  fresh(prefix: string): string {
    this.#made += 1;
    return `${prefix}${this.#made}`;
  }

  /** A new top-level name of a kind; uses of it begin in the next unit. */
  declare(prefix: string, kind: string[]): string {
    const name = this.fresh(prefix);
    this.#declared.push(name);
    kind.push(name);
    return name;
  }

  end(): string {
    return this.chance(0.5) ? ";" : "";
  }

  number(): string {
    const known = [...this.variables, ...this.constants];
    return known.length > 0 && this.chance(0.7) ? this.pick(known) : String(this.below(10));
  }

  expression(depth: number): string {
    if (depth === 0) return this.number();
    const inner = (): string => this.expression(depth - 1);
    const forms = [
      () => `${inner()} + ${inner()}`,
      () => `(${inner()} - ${inner()})`,
      () => `(${inner()} > ${inner()} ? ${inner()} : ${inner()})`,
      () => `Number(\`\${${inner()}}\`.length)`,
      () => (this.functions.length > 0 ? `${this.pick(this.functions)}(${inner()})` : inner()),
      () => (this.lists.length > 0 ? `${this.pick(this.lists)}.length` : inner()),
      () => (this.classes.length > 0 ? `new ${this.pick(this.classes)}(${inner()}).value()` : inner()),
      () => `((n) => n + ${inner()})(${inner()})`,
    ];
    return `${this.pick(forms)()}`;
  }

  /** An assignment to a variable that there is, else a log. */
  change(): string {
    if (this.variables.length === 0) return `log(${this.expression(1)})`;
    const name = this.pick(this.variables);
    const operator = this.pick(["=", "+=", "-=", "??=", "||=", "&&="]);
    return this.chance(0.2) ? `${name}++` : `${name} ${operator} ${this.expression(1)}`;
  }
}

const RULES: readonly Rule[] = [
  (w) => {
    const kind = w.pick(["const", "let", "var"]);
    const value = w.expression(2);
    const second = w.expression(1);
    const target = kind === "const" ? w.constants : w.variables;
    const first = w.declare("v", target);
    return w.chance(0.4)
      ? `${kind} ${first} = ${value}, ${w.declare("v", target)} = ${second}${w.end()}`
      : `${kind} ${first} = ${value}${w.end()}`;
  },
  (w) => {
    const [a, b] = [w.expression(1), w.expression(1)];
    const kind = w.pick(["let", "var"]);
    const names = [w.declare("d", w.variables), w.declare("d", w.variables)];
    const rest = w.declare("l", w.lists);
    return w.chance(0.5)
      ? `${kind} [${names[0]}, ${names[1]} = ${b}, ...${rest}] = [${a}, undefined, 1, 2]${w.end()}`
      : `${kind} { x: ${names[0]}, [${JSON.stringify("y")}]: { ${names[1]} = ${b} }, z: [...${rest}] } = { x: ${a}, y: {}, z: [1] }${w.end()}`;
  },
  (w) => `${w.change()}${w.end()}`,
  (w) => `log(${w.expression(2)})${w.end()}`,
  (w) => {
    const value = w.expression(1);
    return `${w.declare("u", w.variables)} = ${value}${w.end()}`;
  },
  (w) => {
    const body = `${w.change()}; if (!(n > 0)) return ${w.expression(1)}; return n > 3 ? 1 : `;
    const name = w.declare("f", w.functions);
    return `function ${name}(n) { ${body}${name}(n - 1) + 1 }`;
  },
  (w) => {
    const body = w.expression(1);
    const name = w.fresh("h");
    const result = w.declare("v", w.constants);
    w.functions.push(name);
    return `const ${result} = ${name}(2)\nfunction ${name}(n) { return n + ${body} }`;
  },
  (w) => {
    const change = w.change();
    const kind = w.pick(["const", "let", "var"]);
    const name = w.declare("f", w.functions);
    return `${kind} ${name} = ${w.pick(["(n) =>", "function (n)"])} { ${change}; return n + 1 }${w.end()}`;
  },
  (w) => {
    const [start, extra] = [w.expression(1), w.expression(1)];
    const base = w.classes.length > 0 && w.chance(0.5) ? ` extends ${w.pick(w.classes)}` : "";
    const name = w.declare("C", w.classes);
    const first = base === "" ? "" : "super(n); ";
    return `class ${name}${base} { static made = 0; #n = ${start}; constructor(n) { ${first}this.#n += n; ${name}.made++ } value() { return this.#n + ${extra} + ${name}.made } }`;
  },
  (w) => {
    const list = w.declare("l", w.lists);
    const from = w.expression(1);
    const head = w.pick(["let", "var"]);
    const index = head === "var" ? w.declare("i", w.variables) : w.fresh("i");
    const read = `const ${list} = []\nfor (${head} ${index} = 0; ${index} < 3; ${index}++) { ${list}.push(() => ${index} + ${from}); if (${index} > ${w.below(4)}) break }\nlog(${list}.map((f) => f()).join())`;
    return `${read}${w.end()}`;
  },
  (w) => {
    const body = w.change();
    const item = w.fresh("x");
    const kind = w.pick(["const", "let", "var"]);
    const label = w.fresh("label");
    return `${label}: for (${kind} ${item} of [1, 2, 3]) { for (const k in { a: 1, b: 2 }) { if (${item} === 2) continue ${label}; log(${item}, k); ${body}; if (${w.number()} > 20) break ${label} } }`;
  },
  (w) => {
    const value = w.expression(1);
    const name = w.declare("v", w.variables);
    return `if (${w.number()} > 4) { var ${name} = ${value} } else var ${name} = ${w.number()}`;
  },
  (w) => {
    const value = w.expression(1);
    const name = w.declare("g", w.functions);
    return `{ log(${name}(1)); function ${name}(n) { return n + ${value} } log(typeof ${name}) }`;
  },
  (w) => {
    const value = w.expression(1);
    const name = w.declare("v", w.variables);
    return `switch (${w.number()} % 3) { case 0: var ${name} = ${value}; log("zero"); case 1: log("one"); break; default: log("other") }\n${name} ??= 1${w.end()}`;
  },
  (w) => {
    const [change, value] = [w.change(), w.expression(1)];
    const name = w.declare("v", w.variables);
    return `try { ${change}; if (${w.number()} > 3) throw new Error(String(${value})); log("fine") } catch (error) { var ${name} = 1; log(error.message) } finally { log("finally") }\n${name} ??= 2${w.end()}`;
  },
  (w) => {
    const name = w.declare("k", w.constants);
    return `const ${name} = ${w.below(5)}\ntry { ${w.pick([`${name} = 2`, `${name}++`, `[${name}] = [1]`, `${name} += 1`, `(() => { ${name} = 3 })()`])} } catch (error) { log(error.name, error.message) }`;
  },
  (w) => {
    const outer = w.number();
    const name = /^\d/.test(outer) ? "shadow" : outer;
    return `{ let ${name} = 1; ${name} += 2; const inner = () => ${name}++; inner(); log(${name}) } log(${outer})${w.end()}`;
  },
  (w) => {
    const value = w.expression(1);
    const [name, list] = [w.fresh("gen"), w.declare("l", w.lists)];
    return `function* ${name}(n) { while (n-- > 0) yield n + ${value} }\nvar ${list} = [...${name}(3)]${w.end()}`;
  },
  (w) => `with ({ w: ${w.number()} }) { log(w + ${w.number()}) }`,
  (w) =>
    w.chance(0.3)
      ? `throw new RangeError(String(${w.expression(1)}))`
      : `if (${w.number()} > 25) throw new TypeError("too much")`,
  (w) => `log((() => { ${w.change()}; return ${w.expression(1)} })())${w.end()}`,
  (w) => `do { ${w.change()} } while (false)`,
];
