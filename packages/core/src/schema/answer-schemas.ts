import { ROOT } from "../data/ids.ts";
import type { QueryNode } from "../data/node.ts";
import { checkModelSchema } from "./model-schema.ts";
import { type ResolvedSchema, resolveSchema } from "./schema.ts";

/** The schemas that answers of one run must fit, each resolved once. */
export class AnswerSchemas {
  #root: ResolvedSchema | null;
  readonly #resolved = new WeakMap<QueryNode, ResolvedSchema>();

  /** `root` is the schema as the user gave it; the log has only its JSON Schema. */
  constructor(root: ResolvedSchema | null) {
    this.#root = root;
  }

  useForRoot(schema: ResolvedSchema | null): void {
    this.#root = schema;
  }

  /** The schema of an answer to this query, or `null` for any answer. */
  of(query: QueryNode): ResolvedSchema | null {
    if (query.output === null) return null;
    if (query.agentId === ROOT && this.#root !== null) return this.#root;
    const known = this.#resolved.get(query);
    if (known !== undefined) return known;
    const schema = resolve(query);
    this.#resolved.set(query, schema);
    return schema;
  }
}

/** The root's schema is a developer's, a child's was written by a model. */
function resolve(query: QueryNode): ResolvedSchema {
  const output = query.output ?? true;
  if (query.agentId === ROOT) return resolveSchema(output, "The output of the run");
  const checked = checkModelSchema(output);
  return checked.ok ? checked.schema : resolveSchema(output, `The output of ${query.agentId}`);
}
