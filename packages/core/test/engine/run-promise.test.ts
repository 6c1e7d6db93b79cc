import { spawn } from "node:child_process";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { inspect } from "node:util";
import type { Script } from "@rlmflow/testing";
import { describe, expect, test } from "vitest";
import { RLMError, RunError } from "../../src/index.ts";
import { block, failureOf, flowOf, runFailureOf } from "./flow-fixture.ts";

/** Makes Node resolve our packages to their sources. */
const SOURCES = new URL("../../../../test/resolve-sources.ts", import.meta.url).href;
const forever: Script = () => new Promise<string>(() => {});
/** A root whose only reply holds no code. */
const fails = { script: ["nothing"], options: { config: { maxIterations: 1 } } };
const failing = () => flowOf(fails.script, fails.options);

/** The unhandled rejections of a process that runs this body, which has a `flow` whose run fails. */
async function unhandledIn(body: string, script: unknown = fails.script): Promise<readonly string[]> {
  const program = `
    import { flowOf } from ${JSON.stringify(join(import.meta.dirname, "flow-fixture.ts"))};
    const heard = [];
    process.on("unhandledRejection", (error) => heard.push(error.name + " " + error.code));
    const script = ${typeof script === "string" ? script : JSON.stringify(script)};
    const flow = flowOf(script, { config: { maxIterations: 1 } });
    const tick = () => new Promise((resolve) => setTimeout(resolve, 5));
    ${body}
    await flow.close();
    for (let i = 0; i < 5; i++) await tick();
    console.log(JSON.stringify(heard));`;
  const child = spawn(process.execPath, ["--import", SOURCES, "--input-type=module", "--eval", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  return JSON.parse(await text(child.stdout));
}

describe("a run is a promise", () => {
  test("that is one for the platform, and whose then, catch and finally give plain ones", async () => {
    await using flow = flowOf([block("done(7)")]);
    const run = flow.run("Go.");
    expect(run).toBeInstanceOf(Promise);
    const derived = run.then(({ answer }) => answer);
    expect(derived.constructor).toBe(Promise);
    expect(await derived).toBe(7);
    expect(await run.catch(() => null)).toMatchObject({ answer: 7 });
    let calls = 0;
    expect(await run.finally(() => calls++)).toMatchObject({ answer: 7 });
    expect(calls).toBe(1);
    expect(await Promise.resolve(run)).toBe(await run);
  });

  test("whose failure catch takes", async () => {
    await using flow = failing();
    expect(await flow.run("Go.").catch((error: RunError) => error.code)).toBe("limit_reached");
  });

  test("that Promise.all, allSettled, race and any take", async () => {
    await using flow = flowOf(({ turn }) => block(`done(${turn})`));
    await using bad = failing();
    const runs = await Promise.all([flow.run("a"), flow.run("b")]);
    expect(runs.map(({ answer }) => answer)).toEqual([0, 0]);
    const settled = await Promise.allSettled([flow.run("a"), bad.run("b")]);
    expect(settled.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
    expect((await Promise.race([flow.run("a"), new Promise<never>(() => {})])).answer).toBe(0);
    expect((await Promise.any([bad.run("b"), flow.run("a")])).answer).toBe(0);
  });

  test("and await using aborts what is not over, and nothing else", async () => {
    await using flow = flowOf(forever);
    let failed: Promise<RLMError> | null = null;
    {
      await using run = flow.run("Go.");
      failed = failureOf(run);
    }
    expect((await failed).code).toBe("aborted");
    await using quick = flowOf([block("done(1)"), block("done(2)")]);
    let graph = null;
    {
      await using run = quick.run("Go.");
      ({ graph } = await run);
    }
    expect((await quick.continue(graph, "Again.")).answer).toBe(2);
  });
});

describe("a failure that nobody hears of is an unhandled rejection", () => {
  test.each([
    ["a run that is dropped", `flow.run("Go."); await tick();`, ["RunError limit_reached"]],
    ["one whose options are wrong", `flow.run(""); await tick();`, ["RLMError invalid_options"]],
    [
      "one that is only looked at",
      `const run = flow.run("Go."); await tick(); run.graph;`,
      ["RunError limit_reached"],
    ],
    [
      "one whose derived promise is dropped",
      `flow.run("Go.").then(() => {}); await tick();`,
      ["RunError limit_reached"],
    ],
    ["one that is awaited", `await flow.run("Go.").catch(() => {});`, []],
    ["one that is iterated", `try { for await (const event of flow.run("Go.")); } catch {}`, []],
    [
      "one whose iteration is left early",
      `for await (const event of flow.run("Go.")) break; await tick();`,
      [],
    ],
    [
      "one that is iterated after another await of the same turn",
      `const run = flow.run("Go."); await null; try { for await (const event of run); } catch {}`,
      [],
    ],
    [
      "wrong options, heard of through another method",
      `await flow.run("").resumed().catch(() => {}); await flow.run("").pause().catch(() => {}); await tick();`,
      [],
    ],
    [
      "wrong options, heard of while iterating",
      `try { for await (const event of flow.run("")); } catch {}`,
      [],
    ],
  ])("%s", async (_what, body, heard) => {
    expect(await unhandledIn(body)).toEqual(heard);
  });

  const hangs = "() => new Promise(() => {})";
  test.each([
    ["not one that its holder aborts", `const run = flow.run("Go."); await tick(); await run.abort();`, []],
    [
      "not one that was paused when the flow is closed",
      `const run = flow.run("Go."); await tick(); void run.pause();`,
      [],
    ],
    [
      "one that a signal aborts",
      `flow.run("Go.", { signal: AbortSignal.timeout(1) }); await tick(); await tick();`,
      ["AbortError aborted"],
    ],
    [
      "one that was forgotten when the flow is closed",
      `flow.run("Go."); await tick();`,
      ["AbortError aborted"],
    ],
  ])("%s", async (_what, body, heard) => {
    expect(await unhandledIn(body, hangs)).toEqual(heard);
  });
});

describe("the error of a run", () => {
  test("is named as its class", async () => {
    await using flow = failing();
    expect((await runFailureOf(flow.run("Go."))).name).toBe("RunError");
    expect((await failureOf(flow.run(""))).name).toBe("RLMError");
  });

  test("is an AbortError when it was aborted, with the reason as its cause", async () => {
    await using flow = flowOf(forever);
    const controller = new AbortController();
    const aborted = flow.run("Go.", { signal: controller.signal });
    setTimeout(() => controller.abort(new TypeError("enough")), 5);
    const error = await runFailureOf(aborted);
    expect(error).toMatchObject({ name: "AbortError", code: "aborted", cause: new TypeError("enough") });
    expect(error).toBeInstanceOf(RunError);
    expect(RLMError.is(error, "aborted")).toBe(true);

    const late = await failureOf(flow.run("Go.", { signal: AbortSignal.timeout(5) }));
    expect(late).toMatchObject({ name: "AbortError", cause: { name: "TimeoutError" } });
    expect((await failureOf(flow.run("Go.", { signal: AbortSignal.abort() }))).name).toBe("AbortError");
  });

  test("prints why it failed, and neither the nodes nor the causes that its message has already", async () => {
    await using flow = flowOf(() => {
      throw new Error("the line is dead", { cause: new Error("no such host") });
    });
    const error = await runFailureOf(flow.run("Go."));
    expect(error.graph.length).toBeGreaterThan(0);
    expect(RLMError.is(error.cause, "request_failed")).toBe(true);
    const shown = inspect(error);
    expect(shown).toContain("the line is dead");
    expect(shown).not.toContain("systemPrompt");
    expect(shown.split("\n").filter((line) => !line.includes("    at ")).length).toBeLessThan(10);
  });
});
