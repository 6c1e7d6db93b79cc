import type { HandleSamples } from "../sample-programs.ts";

/** Delegation in Python. */
export const handleSamples: HandleSamples = {
  delegate: 'handle = delegate("scan", "Count.")\nprint("at once")\nprint(await handle)',
  left: 'delegate("left", "Nobody waits.")',
  options: [
    'delegate("a", "q", context="text", model="fast", max_iterations=3, output={"type": "integer"})',
    "delegate('b', 'q', context=CONTEXT.slice(2, 5), globals={'n': [1]})",
    "delegate('c', 'q', context={'one': 'text', 'two': CONTEXT.slice(0, 1), 'three': [1, 2]})",
    "delegate('d', 'q', context=CONTEXT)",
  ].join("\n"),
  waitsForSeveral: [
    'handles = [delegate(name, "q") for name in ["a", "b", "c"]]',
    'print(",".join(await wait(handles[2], handles[0], handles[1])))',
  ].join("\n"),
  keeps: 'a, b = [delegate(name, "q") for name in ["a", "b"]]',
  later: 'print(await a, await a)\nresults = yield wait(a, b)\nprint(",".join(results))',
  refused: [
    'refused = delegate("a", "q")',
    "try:",
    "    await refused",
    "except Exception as error:",
    "    print('true', type(error).__name__, error)",
  ].join("\n"),
  failed: 'good, bad = delegate("good", "q"), delegate("bad", "q")\nawait good; await bad',
  combined: [
    'a, b, c = [delegate(name, "q") for name in ["a", "b", "c"]]',
    'print(",".join(await asyncio.gather(a, c)))',
    'print(*await asyncio.gather(a, b, return_exceptions=True), sep=",")',
    "finished, _ = await asyncio.wait([asyncio.ensure_future(c), asyncio.Future()], return_when=asyncio.FIRST_COMPLETED)",
    "print(finished.pop().result())",
    "async def twice(handle):",
    "    return await handle * 2",
    "async def failure(handle):",
    "    try:",
    "        await handle",
    "    except Exception as error:",
    "        return str(error)",
    "print(await failure(b), await twice(a))",
  ].join("\n"),
  noBarrier: [
    "async def ask(name):",
    "    return await llm_query(await delegate(name, 'q'))",
    "await asyncio.gather(*[ask(name) for name in ['x', 'y']])",
  ].join("\n"),
  first: 'a = delegate("a", "q")\nawait a',
  again: 'delegate(a, "Once more.")',
  forged: (block) =>
    [
      'real = delegate("a", "q")',
      "class Like(type(real)): pass",
      `for forged in [{"block": "${block}", "index": 0}, "root.a", 0, None, object.__new__(type(real)), Like()]:`,
      "    try:",
      "        await wait(forged)",
      "        print('waits')",
      "    except Exception as error:",
      "        print(type(error).__name__)",
    ].join("\n"),
  forgedError: "TypeError",
  done: [
    "try:",
    '    await done({"total": "many"})',
    '    print("accepted")',
    "except Exception as error:",
    "    print(type(error).__name__, error)",
    'await done({"total": 3})',
    'print("after")',
  ].join("\n"),
  queries: {
    code: [
      'print(await llm_query("alone", model="fast"))',
      'answers = await llm_query_batched(["a", "b", "c"], output={"type": "string"})',
      "print(len(answers), answers[0], isinstance(answers[1], Exception), answers[1], answers[2])",
    ].join("\n"),
    line: "3 A True no answer C",
  },
};
