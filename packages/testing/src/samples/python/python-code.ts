import type { JsonValue } from "@rlmflow/core";
import type { SampleCode } from "../sample-code.ts";

/** A JSON value as an expression of Python: JSON text within a literal of Python. */
export function literal(value: JsonValue): string {
  return `json.loads(${JSON.stringify(JSON.stringify(value))})`;
}

function called(name: string, args: readonly JsonValue[]): string {
  return `${name}(${args.map(literal).join(", ")})`;
}

const IMPORT = "import json";

/** {@link SampleCode} in Python. */
export const pythonCode: SampleCode = {
  set: (name, value) => `${IMPORT}\n${name} = ${literal(value)}`,
  show: (name) => `${IMPORT}\nprint(json.dumps(${name}))`,
  write: (text) => `print(${JSON.stringify(text)})`,
  call: (name, ...args) => `${IMPORT}\nprint(json.dumps(await ${called(name, args)}, ensure_ascii=False))`,
  callAll: (name, args) =>
    [
      IMPORT,
      "async def call_one(item):",
      `    print(json.dumps([item, await ${name}(item)]))`,
      `await asyncio.gather(*[call_one(item) for item in ${literal([...args])}])`,
      "None",
    ].join("\n"),
  leave: (name, ...args) => `${IMPORT}\n${called(name, args)}\nNone`,
  flood: (characters) => `print("x" * ${characters})`,
  fail: (message) => `raise Exception(${JSON.stringify(message)})`,
  malformed: "a = = 1",
};
