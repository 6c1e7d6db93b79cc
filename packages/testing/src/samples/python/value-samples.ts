import type { ValueSamples } from "../sample-programs.ts";

const NO_JSON = [
  "lambda: 1",
  "b'bytes'",
  "[{1, 2}]",
  "object()",
  "cyclic",
  "{'deep': [cyclic]}",
  "float('nan')",
  "10**40 + 1",
];

/** Values of Python on their way over the boundary. */
export const valueSamples: ValueSamples = {
  exact: (json) =>
    [
      "import json",
      `value = json.loads(${JSON.stringify(json)})`,
      "back = await echo(value, [value])",
      "print(json.dumps(json.dumps(back) == json.dumps(value) and type(back) is type(value)))",
    ].join("\n"),
  minusZero: "import json\nprint(json.dumps(await echo(-0.0, [-0.0]) == 0))",
  halfPairs: (text) =>
    [
      "import re",
      `print(${JSON.stringify(text)})`,
      `back = await echo(${JSON.stringify(text)}, {${JSON.stringify(text)}: 1})`,
      'print(re.sub("[\\ufffd\\ud800-\\udfff]", "?", back))',
    ].join("\n"),
  long: (times) =>
    `import json\ntext = "x\\U0001F680" * ${Math.floor(times)}\nprint(json.dumps(await echo(text) == text + text))`,
  deep: (json) =>
    [
      "import json",
      `deep = json.loads(${JSON.stringify(json)})`,
      "print(json.dumps(json.dumps(await echo(deep)) == json.dumps(deep)))",
    ].join("\n"),
  nonJson: {
    code: [
      "cyclic = {}; cyclic['self'] = cyclic",
      "async def verdict(make):",
      "    try:",
      "        await make()",
      "        return 'sent'",
      "    except Exception as error:",
      "        return type(error).__name__",
      `values = [${NO_JSON.join(", ")}]`,
      "for value in values:",
      "    print(await verdict(lambda: echo(value)))",
      "print(await verdict(lambda: done(values[0])))",
      'print(await verdict(lambda: delegate("a", "q", globals={"value": b""})))',
      "print(await verdict(lambda: llm_query(10)))",
    ].join("\n"),
    verdicts: Array.from({ length: NO_JSON.length + 3 }, () => "TypeError"),
  },
  caught: [
    "import json, traceback",
    "try:",
    "    await echo(1)",
    "except Exception as error:",
    "    cause = error.__cause__",
    "    print(json.dumps([isinstance(error, Exception), type(error).__name__, str(error), type(cause).__name__, str(cause)]))",
    "    print(json.dumps([repr(error), list(vars(error)), ''.join(traceback.format_exception_only(type(error), error))]))",
  ].join("\n"),
  settled: {
    code: [
      "settled = await asyncio.gather(echo(0), echo(1), return_exceptions=True)",
      "print(*['failed' if isinstance(one, Exception) else 'came' for one in settled], sep=',')",
      "try:",
      "    await echo(2)",
      "except Exception as error:",
      "    print(error)",
    ].join("\n"),
    lines: ["came,failed", "two"],
  },
};
