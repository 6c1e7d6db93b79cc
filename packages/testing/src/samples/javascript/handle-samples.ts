import type { HandleSamples } from "../sample-programs.ts";

/** Delegation in JavaScript. */
export const handleSamples: HandleSamples = {
  delegate: 'const handle = delegate("scan", "Count.");\nprint("at once");\nprint(await handle);',
  left: 'delegate("left", "Nobody waits.")',
  options: [
    'delegate("a", "q", { context: "text", model: "fast", maxIterations: 3, output: { type: "integer" } });',
    "delegate('b', 'q', { context: CONTEXT.slice(2, 5), globals: { n: [1] } });",
    "delegate('c', 'q', { context: { one: 'text', two: CONTEXT.slice(0, 1), three: [1, 2] } });",
    "delegate('d', 'q', { context: CONTEXT });",
  ].join("\n"),
  waitsForSeveral: [
    'const handles = ["a", "b", "c"].map((name) => delegate(name, "q"));',
    "print((await wait(handles[2], handles[0], handles[1])).join());",
  ].join("\n"),
  keeps: 'const [a, b] = ["a", "b"].map((name) => delegate(name, "q"));',
  later: "print(await a, await a);\nprint((await wait(a, b)).join());",
  refused: [
    'const refused = delegate("a", "q");',
    "try { await refused; } catch (error) { print(error instanceof Error, error.name, error.message); }",
  ].join("\n"),
  failed: 'const [good, bad] = [delegate("good", "q"), delegate("bad", "q")];\nawait good; await bad;',
  combined: [
    'const [a, b, c] = ["a", "b", "c"].map((name) => delegate(name, "q"));',
    "print((await Promise.all([a, c])).join());",
    "print((await Promise.allSettled([a, b])).map((one) => one.value ?? one.reason.message).join());",
    "print(await Promise.race([c, new Promise(() => {})]));",
    "print(await b.catch((error) => error.message), await a.then((value) => value + value));",
  ].join("\n"),
  noBarrier: "await Promise.all(['x', 'y'].map(async (name) => llmQuery(await delegate(name, 'q'))));",
  first: 'const a = delegate("a", "q");\nawait a',
  again: 'delegate(a, "Once more.");',
  forged: (block) =>
    [
      'const real = delegate("a", "q");',
      `for (const forged of [{ block: "${block}", index: 0 }, "root.a", 0, null, { ...real }, Object.create(real)]) {`,
      "  try { await wait(forged); print('waits'); } catch (error) { print(error.name); }",
      "}",
    ].join("\n"),
  forgedError: "TypeError",
  done: [
    'try { await done({ total: "many" }); print("accepted"); } catch (error) { print(error.name, error.message); }',
    "await done({ total: 3 });",
    'print("after");',
  ].join("\n"),
  queries: {
    code: [
      'print(await llmQuery("alone", { model: "fast" }));',
      'const answers = await llmQueryBatched(["a", "b", "c"], { output: { type: "string" } });',
      "print(answers.length, answers[0], answers[1] instanceof Error, answers[1].message, answers[2]);",
    ].join("\n"),
    line: "3 A true no answer C",
  },
};
