import type { AgentWriter } from "./agent-program.ts";

/** One kind of statement of a random program. */
export interface Statement {
  /** Whether what it leaves behind depends on the order in which answers come, or on the time: `childless` says not of agents without children. */
  readonly order: "fixed" | "childless" | "free";
  readonly needs: "nothing" | "children";
  write(writer: AgentWriter): string;
}

function plain(write: (writer: AgentWriter) => string): Statement {
  return { order: "fixed", needs: "nothing", write };
}

function racing(write: (writer: AgentWriter) => string): Statement {
  return { order: "free", needs: "nothing", write };
}

function chance(write: (writer: AgentWriter) => string): Statement {
  return { order: "childless", needs: "nothing", write };
}

function family(write: (writer: AgentWriter) => string): Statement {
  return { order: "fixed", needs: "children", write };
}

function racingFamily(write: (writer: AgentWriter) => string): Statement {
  return { order: "free", needs: "children", write };
}

const STATE: readonly Statement[] = [
  // Chance follows from the block's id, and that from whether an agent had to wait for children before.
  chance((w) => {
    const value = w.number();
    return `let ${w.declare("n", w.numbers)} = ${value} + Math.floor(Math.random() * 100);`;
  }),
  plain((w) => {
    const from = w.number();
    const list = w.declare("l", w.lists);
    return `var ${list} = [];\nfor (let i = 0; i < ${2 + w.below(4)}; i += 1) ${list}.push(i * ${from});\nprint(${list});`;
  }),
  plain((w) => {
    const base = w.number();
    return `const ${w.declare("f", w.functions)} = async (x) => { const v = await get((x + ${base}) % 50 | 0); return v + 1; };`;
  }),
  plain((w) => {
    const name = w.fresh("C");
    const held = w.fresh("o");
    return `class ${name} { #n = ${w.number()}; step() { this.#n += 1; return this.#n; } }\nconst ${held} = new ${name}(); ${held}.step();\nvar ${w.declare("n", w.numbers)} = ${held}.step();`;
  }),
  plain((w) => {
    const name = w.fresh("gen");
    const kept = w.fresh("g");
    return `function* ${name}() { for (let i = ${w.below(5)}; ; i += 1) yield i * Math.random(); }\nconst ${kept} = ${name}(); ${kept}.next(); print(${kept}.next().value);`;
  }),
  plain(
    (w) =>
      `const ${w.fresh("m")} = new Map([["a", ${w.number()}], ["b", new Set([1, ${w.number()}])]]); print(VARIABLES().length);`,
  ),
  plain((w) => `print(CONTEXT.read(${w.below(40)}, 80), CONTEXT.grep(/o[a-z]/, 3).length);`),
  plain(
    (w) => `print("large".repeat(${w.pick([10, 3000, 15_000])}).length, "x".repeat(${w.pick([5, 70_000])}));`,
  ),
  racing((w) => `var ${w.fresh("when")} = new Date(); print(Date.now(), new Date().toISOString());`),
  racing((w) => `var ${w.declare("n", w.numbers)} = Date.now() % 1000; print(performance.now() >= 0);`),
];

const CALLS: readonly Statement[] = [
  plain((w) => {
    const call = w.call();
    return `var ${w.declare("n", w.numbers)} = await ${call};`;
  }),
  plain((w) => {
    const calls = Array.from({ length: 2 + w.below(3) }, () => w.call());
    return `var ${w.declare("l", w.lists)} = await Promise.all([${calls.join(", ")}]);`;
  }),
  plain((w) => {
    const list = w.declare("l", w.lists);
    return `var ${list} = (await Promise.allSettled([${w.call()}, get(-1), ${w.call()}])).map((s) => s.status + (s.value ?? s.reason.message));\nprint(${list}.join());`;
  }),
  plain(
    (w) =>
      `try { print(await get(-${1 + w.below(3)})); } catch (error) { print(error.name, error.message, error.stack?.length > 0); }`,
  ),
  plain((w) => `print((await llmQueryBatched(["one", "two " + ${w.number()}, "fail"])).map(String));`),
  plain(
    (w) =>
      `for (let i = 0; i < 3; i += 1) { const v = await get(i + ${w.below(40)}); if (v > 50) break; print(i, v); }`,
  ),
  plain(
    (w) =>
      `try { await done(${w.pick(['"refused"', "7", "[1]"])}); } catch (error) { print(error.message); }`,
  ),
  plain((w) => `var ${w.declare("l", w.lists)} = await rows(${w.pick([3, 9000])});`),
  racing((w) => {
    const [first, second] = [w.call(), w.call()];
    return `var ${w.declare("n", w.numbers)} = await Promise.${w.pick(["race", "any"])}([${first}, ${second}, get(${w.below(60)})]);`;
  }),
  racing((w) => {
    const list = w.declare("l", w.lists);
    return `var ${list} = [];\nawait Promise.all([1, 2, 3].map(async (k) => { await null; const v = await get(k + ${w.below(40)}); ${list}.push(v); if (v % 2) ${list}.push(await get(${list}.length)); }));`;
  }),
  racing((w) => {
    const total = w.declare("n", w.numbers);
    return `var ${total} = 0;\nget(${w.below(60)}).then((v) => { ${total} += v * Math.random(); return get(${w.below(60)}); }).then((v) => { ${total} -= v; print(${total}); });`;
  }),
  racing((w) => `get(${w.below(60)}); llmQuery("nobody awaits " + ${w.number()});`),
  racing((w) => `try { print(await post(${w.number()})); } catch (error) { print(error.name); }`),
  racing(() => `post(1); get(-2).catch((error) => print(error.message));`),
  racing((w) => `if (${w.number()} % 9 === 8) await new Promise(() => {});`),
  racing(
    (w) =>
      `const ${w.fresh("p")} = done(${w.number()}).catch((error) => print(error.message)); get(${w.below(9)}).then(print);`,
  ),
];

const FAMILY: readonly Statement[] = [
  family((w) => {
    const delegation = w.delegation();
    return `const ${w.declare("h", w.handles)} = ${delegation};`;
  }),
  family((w) => `try { print(await ${w.handle()}); } catch (error) { print(error.message); }`),
  family((w) => {
    const waits = [w.handle(), w.handle(), w.call()];
    return `print((await Promise.allSettled([${waits.join(", ")}])).map((s) => JSON.stringify(s.value ?? s.reason.message)).join());`;
  }),
  family((w) => {
    const [a, b] = [w.fresh("h"), w.fresh("h")];
    const code = `const ${a} = ${w.delegation()}, ${b} = ${w.delegation()};\ntry { print(await wait(${a}, ${b})); } catch (error) { print(error.message); }`;
    w.handles.push(a, b);
    return code;
  }),
  family((w) => {
    const handle = w.handle();
    return `try { await ${handle}; print(await delegate(${handle}, "Once more.")); } catch (error) { print(error.name, error.message); }`;
  }),
  family(
    (w) =>
      `print(await Promise.all([${w.handle()}, ${w.handle()}].map(async (h) => { try { return JSON.stringify(await h).length + await get(3); } catch (error) { return error.message; } })));`,
  ),
  racingFamily(
    (w) =>
      `try { print(await Promise.race([${w.handle()}, ${w.pick([w.handle(), w.call()])}])); } catch (error) { print(error.message); }`,
  ),
  racingFamily((w) => {
    const list = w.declare("l", w.lists);
    return `var ${list} = [];\nawait Promise.all(${JSON.stringify([1, 2, 3])}.map(async (k) => { try { ${list}.push(k, JSON.stringify(await ${w.handle()})); ${list}.push(await get(k)); } catch (error) { ${list}.push(error.message); } }));`;
  }),
  racingFamily(
    (w) => `Promise.resolve(${w.handle()}).then((v) => print("late", v), (error) => print(error.message));`,
  ),
  racingFamily((w) => `${w.delegation()};`),
];

/** Everything that random programs are made of. */
export const STATEMENTS: readonly Statement[] = [...STATE, ...CALLS, ...FAMILY];
