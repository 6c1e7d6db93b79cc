import { isJsonObject, type JsonObject, type JsonSchema, type JsonValue } from "../../data/json.ts";
import { applicatorKeywords } from "./applicator-keywords.ts";
import type { Rule, SchemaNode } from "./evaluation.ts";
import { extendPointer, pointerSteps } from "./json-pointer.ts";
import type { Keyword, KeywordContext } from "./keyword.ts";
import { listKeywords } from "./list-keywords.ts";
import { objectKeywords } from "./object-keywords.ts";
import { typeWords } from "./type-words.ts";
import { valueKeywords } from "./value-keywords.ts";

const MAX_PROBLEMS = 10;
const MAX_DEPTH = 200;

const KEYWORDS: ReadonlyMap<string, Keyword> = new Map([
  ...Object.entries(valueKeywords),
  ...Object.entries(listKeywords),
  ...Object.entries(objectKeywords),
  ...applicatorKeywords,
]);

/** Keywords that say nothing about a value, or nothing that is checked. */
const ANNOTATIONS: ReadonlySet<string> = new Set(
  `$schema $comment $vocabulary title description default examples deprecated readOnly writeOnly format
   contentEncoding contentMediaType contentSchema`.split(/\s+/),
);

const UNSUPPORTED: ReadonlyMap<string, string> = new Map([
  ["unevaluatedProperties", 'write "additionalProperties" instead'],
  ["unevaluatedItems", 'write "items" beside "prefixItems" instead'],
  ["$anchor", 'refer by "#/$defs/name" instead'],
  ["$dynamicRef", 'write "$ref" instead'],
  ["$dynamicAnchor", 'refer by "#/$defs/name" instead'],
  ["$recursiveRef", 'write "$ref" instead'],
  ["$recursiveAnchor", 'refer by "#" instead'],
]);

interface Link {
  readonly from: string;
  readonly ref: string;
  target: SchemaNode | null;
}

/** What else to refuse: keywords, each with what to write instead. */
export interface CompileOptions {
  readonly refused?: ReadonlyMap<string, string>;
}

/** A schema that can judge values, or what is wrong with it. */
export type CompiledSchema =
  | { readonly ok: true; readonly root: SchemaNode }
  | { readonly ok: false; readonly problems: readonly string[] };

/**
 * Compiles a JSON Schema (draft 2020-12, and of draft-07 what is spelled differently) into rules. Text in, closures
 * out, no code generation. What would need a document elsewhere, or is not checked, is a problem and not ignored.
 */
export function compileJsonSchema(schema: JsonSchema, options: CompileOptions = {}): CompiledSchema {
  const compiler = new Compiler(schema, new Map([...UNSUPPORTED, ...(options.refused ?? [])]));
  const root = compiler.compile(schema, "#");
  compiler.link();
  return compiler.problems.length === 0 ? { ok: true, root } : { ok: false, problems: compiler.problems };
}

/**
 * Owns the compiling of one document. Invariants: (1) every schema in it is compiled once, under its pointer;
 * (2) after `link` each reference has a target or is a problem; (3) `#edges` are exactly the steps from a schema to
 * another that judges the same value, so a circle in them would never end.
 */
class Compiler {
  readonly problems: string[] = [];
  readonly #root: JsonSchema;
  readonly #refused: ReadonlyMap<string, string>;
  readonly #nodes = new Map<string, SchemaNode>();
  readonly #links: Link[] = [];
  readonly #edges = new Map<string, string[]>();

  #depth = 0;

  constructor(root: JsonSchema, refused: ReadonlyMap<string, string>) {
    this.#root = root;
    this.#refused = refused;
  }

  compile(schema: JsonValue, pointer: string): SchemaNode {
    const rules: Rule[] = [];
    const source = typeof schema === "boolean" || isJsonObject(schema) ? schema : true;
    const node: SchemaNode = { source, pointer, rules };
    this.#nodes.set(pointer, node);
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH) this.#problem(pointer, `nested more than ${MAX_DEPTH} schemas deep`);
    else if (isJsonObject(schema)) rules.push(...this.#rules(schema, pointer));
    else if (schema === false)
      rules.push((_, place, evaluation) => evaluation.fail(place, () => "must not be there"));
    else if (schema !== true) {
      this.#problem(
        pointer,
        `a schema is an object such as {"type": "string"}, or true or false, not ${JSON.stringify(schema).slice(0, 60)}`,
      );
    }
    this.#depth -= 1;
    return node;
  }

  link(): void {
    for (const link of this.#links) {
      const steps = pointerSteps(link.ref);
      if (steps === null) {
        this.#problem(
          link.from,
          `"$ref" must be local, such as "#/$defs/name", not ${JSON.stringify(link.ref).slice(0, 100)}`,
        );
        continue;
      }
      const pointer = extendPointer("#", steps);
      link.target = this.#nodes.get(pointer) ?? null;
      if (link.target === null)
        this.#problem(link.from, `"$ref" names ${link.ref.slice(0, 100)}, and no schema is there`);
      else this.#edge(link.from, pointer);
    }
    const circle = findCircle(this.#edges);
    if (circle !== null)
      this.#problem(
        circle,
        "the schema refers to itself without looking at a part of the value, so it would never end",
      );
  }

  #rules(schema: JsonObject, pointer: string): readonly Rule[] {
    const context = this.#context(schema, pointer);
    const rules: Rule[] = [];
    for (const [name, argument] of Object.entries(schema)) {
      const advice = this.#refused.get(name);
      const rule = advice === undefined ? KEYWORDS.get(name)?.(argument, context) : null;
      if (rule) rules.push(rule);
      if (advice !== undefined) this.#problem(pointer, `"${name}" is not supported; ${advice}`);
      if (name === "$id" && pointer !== "#") this.#problem(pointer, '"$id" is supported at the top only');
    }
    if (!isSchemaLike(schema)) {
      const names = Object.keys(schema)
        .slice(0, 5)
        .map((name) => JSON.stringify(name))
        .join(", ");
      this.#problem(
        pointer,
        `no keyword of JSON Schema among ${names}; fields are written {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}`,
      );
    }
    return rules;
  }

  #context(schema: JsonObject, pointer: string): KeywordContext {
    return {
      schema,
      same: (subschema, ...path) => {
        const node = this.compile(subschema, extendPointer(pointer, path));
        this.#edge(pointer, node.pointer);
        return node;
      },
      part: (subschema, ...path) => this.compile(subschema, extendPointer(pointer, path)),
      reference: (ref) => {
        const link: Link = { from: pointer, ref, target: null };
        this.#links.push(link);
        return link;
      },
      problem: (message) => this.#problem(pointer, message),
      words: (part) => typeWords(part, this.#root),
    };
  }

  #edge(from: string, to: string): void {
    const edges = this.#edges.get(from);
    if (edges === undefined) this.#edges.set(from, [to]);
    else edges.push(to);
  }

  #problem(pointer: string, message: string): null {
    if (this.problems.length < MAX_PROBLEMS) this.problems.push(`at ${pointer.slice(0, 200)}: ${message}`);
    return null;
  }
}

function isSchemaLike(schema: JsonObject): boolean {
  const names = Object.keys(schema);
  const known = (name: string) =>
    KEYWORDS.has(name) ||
    ANNOTATIONS.has(name) ||
    UNSUPPORTED.has(name) ||
    name === "$id" ||
    name.startsWith("x-");
  return names.length === 0 || names.some(known);
}

/** A pointer that lies on a circle of the graph, or `null`. Depth first, without recursion. */
function findCircle(edges: ReadonlyMap<string, readonly string[]>): string | null {
  const finished = new Set<string>();
  for (const start of edges.keys()) {
    const path = new Set<string>();
    const stack: { readonly at: string; readonly leave: boolean }[] = [{ at: start, leave: false }];
    for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
      if (next.leave) {
        path.delete(next.at);
        finished.add(next.at);
      } else if (path.has(next.at)) {
        return next.at;
      } else if (!finished.has(next.at)) {
        path.add(next.at);
        stack.push({ at: next.at, leave: true });
        for (const at of edges.get(next.at) ?? []) stack.push({ at, leave: false });
      }
    }
  }
  return null;
}
