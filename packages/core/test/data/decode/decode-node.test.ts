import { describe, expect, test } from "vitest";
import { decodeNode } from "../../../src/data/decode/decode.ts";
import type { JsonValue } from "../../../src/data/json.ts";
import type { NodeType, RunNode } from "../../../src/data/node.ts";
import { RLMError } from "../../../src/errors.ts";
import { sampleNodes } from "../sample-nodes.ts";

type Place = readonly (string | number)[];

/** A mutable copy, as JSON.parse gives it. */
function copy(node: RunNode): unknown {
  return JSON.parse(JSON.stringify(node));
}

function sample(type: NodeType): unknown {
  return copy(sampleNodes().find((node) => node.type === type) ?? expect.fail(`no sample of ${type}`));
}

/** Every place below a value at which an object or list stands, the value itself included. */
function holders(value: unknown, place: Place = []): Place[] {
  if (typeof value !== "object" || value === null) return [];
  const inner = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  return [place, ...inner.flatMap(([key, held]) => holders(held, [...place, key]))];
}

function at(root: unknown, place: Place): Record<string | number, unknown> {
  const found = place.reduce((held, key) => Reflect.get(Object(held), key), root);
  return Object(found);
}

function refusal(value: unknown): RLMError {
  try {
    decodeNode(value, "$");
  } catch (error) {
    if (RLMError.is(error, "invalid_graph")) return error;
    throw error;
  }
  return expect.fail(`accepted ${JSON.stringify(value)?.slice(0, 300)}`);
}

/** Below these every JSON value is allowed, so that changes there are no mistakes. */
function isFree(place: Place): boolean {
  const free = ["globals", "metadata", "args", "changedArgs", "value", "details", "output", "properties"];
  return place.some(
    (key, depth) => free.includes(String(key)) && !(key === "output" && place[depth - 1] === "blobs"),
  );
}

type NodeOf<Type extends NodeType> = Extract<RunNode, { type: Type }>;
type OptionalOf<Node> = { [Key in keyof Node]-?: object extends Pick<Node, Key> ? Key : never }[keyof Node];

/** The optional fields of each type of node: the type check refuses one too few and one too many. */
const OPTIONAL: { readonly [Type in NodeType]: Readonly<Record<OptionalOf<NodeOf<Type>>, true>> } = {
  query: { entry: true, input: true, metadata: true, blobs: true },
  action: { entry: true, requestDigest: true, limit: true, replaces: true },
  call: {
    entry: true,
    changedArgs: true,
    intent: true,
    undelivered: true,
    usage: true,
    attempts: true,
    blobs: true,
  },
  observation: { entry: true, block: true, edit: true, blobs: true },
  supervising: { entry: true, blobs: true },
  resume: { entry: true, blobs: true },
  error: {
    entry: true,
    limit: true,
    block: true,
    attempts: true,
    dropped: true,
    details: true,
    blobs: true,
  },
  result: { entry: true, block: true, blobs: true },
};

describe("the sample nodes", () => {
  test("have every optional field somewhere present and somewhere absent", () => {
    const samples = sampleNodes();
    const fields = new Set(Object.values(OPTIONAL).flatMap((optional) => Object.keys(optional)));
    for (const field of fields) {
      const mayHave = samples.filter(({ type }) => Object.hasOwn(OPTIONAL[type], field));
      expect(new Set(mayHave.map((node) => Object.hasOwn(node, field))), field).toEqual(
        new Set([true, false]),
      );
    }
  });
});

describe("decodeNode", () => {
  test("gives back every node that was written as JSON", () => {
    for (const node of sampleNodes()) expect(decodeNode(copy(node), "$")).toStrictEqual(node);
  });

  test("keeps an own __proto__ key and leaves the prototype alone", () => {
    const node = sample("result");
    at(node, []).result = JSON.parse('{"__proto__":{"polluted":true}}');
    const decoded = decodeNode(node, "$");
    expect(JSON.stringify(decoded)).toContain('"__proto__":{"polluted":true}');
    expect(Reflect.get({}, "polluted")).toBeUndefined();
  });

  test("freezes all the way down", () => {
    for (const node of sampleNodes()) {
      const decoded = decodeNode(copy(node), "$");
      for (const place of holders(decoded)) expect(Object.isFrozen(at(decoded, place))).toBe(true);
    }
  });

  test("refuses a field too many in every object of every node", () => {
    for (const node of sampleNodes()) {
      for (const place of holders(node).filter((found) => !isFree(found))) {
        const changed = copy(node);
        const holder = at(changed, place);
        if (Array.isArray(holder)) continue;
        holder.surplus = 1;
        expect(refusal(changed).message).toContain("surplus should be absent but is 1");
      }
    }
  });

  test("refuses a field of the wrong type everywhere", () => {
    const wrong: readonly JsonValue[] = [-1, 1.5, "", "x", {}, [{}], true, null];
    for (const node of sampleNodes()) {
      for (const place of holders(node).filter((found) => !isFree(found))) {
        for (const key of Object.keys(at(node, place))) {
          if (isFree([...place, key]) || key === "result") continue;
          const refused = wrong.filter((value) => refuses(node, place, key, value));
          expect(refused.length, `${node.type} ${[...place, key].join(".")}`).toBeGreaterThanOrEqual(4);
        }
      }
    }
  });

  test("refuses a missing field, by name", () => {
    for (const node of sampleNodes()) {
      for (const key of Object.keys(node)) {
        const changed = copy(node);
        delete at(changed, [])[key];
        const neededHere = key === "intent" || (key === "blobs" && JSON.stringify(node).includes("null"));
        const mayLack = Object.hasOwn(OPTIONAL[node.type], key) && !neededHere;
        if (mayLack) decodeNode(changed, "$");
        else if (!(key === "blobs" && node.type === "result")) {
          expect(refusal(changed).message).toMatch(key === "intent" ? /outcome/ : new RegExp(`\\$\\.${key}`));
        }
      }
    }
  });

  test("names the place and what was expected", () => {
    const node = sample("query");
    at(node, ["contexts", 1, "range"]).start = "2";
    const error = refusal(node);
    expect(error.message).toContain('$.contexts[1].range.start should be a whole number from 0 but is "2"');
    expect(error.details).toMatchObject({ place: "$.contexts[1].range.start" });
    expect(() => decodeNode(node, "log.jsonl line 7: nodes[0]")).toThrow(
      "log.jsonl line 7: nodes[0].contexts[1]",
    );
  });

  test("names the known types when the type is unknown", () => {
    const message = refusal({ ...Object(sample("result")), type: "miracle" }).message;
    expect(message).toContain("$.type should be one of query, action, call, observation");
    expect(message).toContain('but is "miracle"');
  });

  test.each([[null], [7], ["text"], [[]], [undefined], [new Map()], [{}], [{ type: "constructor" }]])(
    "refuses %j",
    (value) => {
      expect(refusal(value).message).toMatch(/^This is not a node: \$/);
    },
  );

  test.each<[string, unknown]>([
    ["undefined", undefined],
    ["not a number", Number.NaN],
    ["an infinite number", Number.POSITIVE_INFINITY],
    ["a date", new Date(0)],
    ["a function", () => 1],
    ["a big integer", 1n],
    ["a hole", new Array(2)],
    ["an undefined field", { a: undefined }],
    ["a cycle", cycle()],
  ])("refuses a result that is no JSON: %s", (_, value) => {
    expect(refusal({ ...Object(sample("result")), result: value }).message).toContain("$.result");
  });

  test("refuses nesting that would overflow the stack, and takes what lies within the bound", () => {
    const nested = (depth: number): unknown => JSON.parse("[".repeat(depth) + "]".repeat(depth));
    const holding = (value: unknown) => ({ ...Object(sample("result")), result: value });
    expect(refusal(holding(nested(1_000_000))).message).toContain("nested at most 1000 deep");
    expect(decodeNode(holding(nested(1000)), "$")).toMatchObject({ type: "result" });
  });

  test("refuses a chain of causes without end", () => {
    let error: JsonValue = { name: "E", message: "" };
    for (let i = 0; i < 100_000; i++) error = { name: "E", message: "", cause: error };
    const node = { ...Object(sample("call")), outcome: { ok: false, error } };
    expect(refusal(node).message).toContain("nested at most 1000 deep");
  });

  test("refuses a null that no blob stands for", () => {
    const node = { ...Object(sample("query")), systemPrompt: null };
    expect(refusal(node).message).toContain(
      "$.blobs.systemPrompt should be a blob, since systemPrompt is null",
    );
    const call = { ...Object(sample("call")), outcome: null };
    expect(refusal(call).message).toContain("$.blobs.outcome");
    const observation = sample("observation");
    at(observation, ["block"]).output = null;
    expect(refusal(observation).message).toContain("$.blobs.output");
  });

  test("refuses digests that could name another file", () => {
    const large = sampleNodes().find((node) => node.type === "call" && node.blobs !== undefined);
    for (const digest of ["../../etc/passwd", "A".repeat(64), "a".repeat(63), `${"a".repeat(64)}\n`]) {
      const changed = copy(large ?? expect.fail("no call with blobs"));
      at(changed, ["blobs", "args"]).digest = digest;
      expect(refusal(changed).message).toContain("SHA-256 digest");
    }
  });

  test("takes a list longer than the stack is deep", () => {
    const result = Array.from({ length: 300_000 }, (_, i) => ({ i }));
    const decoded = decodeNode({ ...Object(sample("result")), result }, "$");
    expect(Object.isFrozen(result[299_999])).toBe(true);
    expect(decoded.type).toBe("result");
  });
});

function refuses(node: RunNode, place: Place, key: string, value: JsonValue): boolean {
  const changed = copy(node);
  at(changed, place)[key] = value;
  try {
    decodeNode(changed, "$");
    return false;
  } catch (error) {
    return RLMError.is(error, "invalid_graph");
  }
}

function cycle(): unknown {
  const list: unknown[] = [];
  list.push(list);
  return list;
}
