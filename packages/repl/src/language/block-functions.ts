import type { AnyNode } from "acorn";
import { type Draft, enterWith, replace, wrap } from "./draft.ts";
import type { DeclaredFunction } from "./rewrite-declarations.ts";
import type { Scope } from "./scope.ts";

interface BlockFunction {
  readonly node: DeclaredFunction;
  readonly name: string;
  readonly maker: string;
  readonly scope: Scope;
}

/**
 * Functions declared in blocks of the top level. Outside strict code such a function belongs to its block and,
 * from its line on, is a variable around it as well, which here means a global. The engine would make it a
 * variable of the compiled function instead, so it is spelled out:
 * `{ f(); function f() {} }` becomes `{let f = maker(); f(); function maker() {…}publish(f); }`.
 */
export class BlockFunctions {
  readonly #draft: Draft;
  readonly #inBlocks: BlockFunction[] = [];
  readonly #inBranches: BlockFunction[] = [];
  readonly #inSwitches: BlockFunction[] = [];

  constructor(draft: Draft) {
    this.#draft = draft;
  }

  /** Takes note of a function. Async functions and generators are their block's own and need nothing. */
  add(node: DeclaredFunction, scope: Scope, parent: AnyNode): void {
    if (node.async || node.generator || node.id === null) return;
    const found = { node, name: node.id.name, maker: this.#draft.hidden.next(), scope };
    if (parent.type === "IfStatement") this.#inBranches.push(found);
    else if (scope.kind === "switch") this.#inSwitches.push(found);
    else this.#inBlocks.push(found);
  }

  /** Writes the edits, once the names of all scopes are known. */
  rewrite(): void {
    for (const found of this.#inBranches) {
      this.#makeLocal(found, `{let ${found.name} = ${found.maker}();`, "}");
    }
    for (const found of this.#inBlocks) this.#makeLocal(found, "", "");
    for (const [scope, makers] of lastMakers(this.#inBlocks)) {
      const declarations = [...makers].map(([name, maker]) => `let ${name} = ${maker}();`).join("");
      for (const at of scope.entries) enterWith(this.#draft, at, declarations);
    }
    for (const found of this.#inSwitches) this.#makeGlobal(found);
    for (const [scope, makers] of lastMakers(this.#inSwitches)) {
      this.#makeAtEachCase(scope, [...makers.values()]);
    }
  }

  /** A computed key gives the function its name without binding that name inside it. */
  #makeLocal({ node, name, maker, scope }: BlockFunction, before: string, behind: string): void {
    const key = `[${JSON.stringify(name)}]`;
    wrap(this.#draft, {
      start: node.start,
      end: node.end,
      open: `${before}function ${maker}() {return {${key}: `,
      close: `}${key}}${this.#publish(name, scope)}${behind}`,
    });
    if (node.id) replace(this.#draft, node.id, "");
  }

  #makeGlobal({ node, name, maker }: BlockFunction): void {
    this.#draft.names.add(name);
    wrap(this.#draft, {
      start: node.start,
      end: node.end,
      open: `function ${maker}() {${name} = `,
      close: "}",
    });
    if (node.id) replace(this.#draft, node.id, "");
  }

  /** A switch has no single place where it begins, so each case makes its functions anew. */
  #makeAtEachCase(scope: Scope, makers: readonly string[]): void {
    const all = this.#draft.hidden.next();
    const [first, ...others] = scope.entries;
    if (first === undefined) return;
    enterWith(
      this.#draft,
      first,
      `function ${all}() {${makers.map((maker) => `${maker}();`).join("")}}${all}();`,
    );
    for (const at of others) enterWith(this.#draft, at, `${all}();`);
  }

  /** Hands the function to the global of its name, unless a scope between the two has that name. */
  #publish(name: string, scope: Scope): string {
    for (let around = scope.parent; around !== null; around = around.parent) {
      if (around.lexical.has(name)) return "";
    }
    const publish = this.#draft.hidden.next();
    const value = this.#draft.hidden.next();
    this.#draft.names.add(name);
    this.#draft.setup.push(`const ${publish} = (${value}) => {${name} = ${value}};`);
    return `${publish}(${name});`;
  }
}

function lastMakers(functions: readonly BlockFunction[]): Map<Scope, Map<string, string>> {
  const makers = new Map<Scope, Map<string, string>>();
  for (const { scope, name, maker } of functions) {
    const inScope = makers.get(scope) ?? new Map<string, string>();
    makers.set(scope, inScope.set(name, maker));
  }
  return makers;
}
