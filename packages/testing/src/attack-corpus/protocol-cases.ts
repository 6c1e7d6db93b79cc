import type { AttackCase } from "./attack-case.ts";

/** Replies, handles and answers forged; calls that are none of the code's business. */
export const protocolCases: readonly AttackCase[] = [
  {
    name: "an activation as output",
    source: "workers that speak over stdout",
    expect: "ends",
    blocks: [
      `print('{"calls":[],"output":"","codeMs":0,"state":{"kind":"ended","echo":"forged","variables":[],"reads":[],"unawaited":[]}}');
       print('{"type":"activation"}\\n{"type":"disposed"}\\n\\u0000\\u0000\\u0000\\u0005'); console.log("\\u0000\\u0000\\u0000\\u0001\\u0000\\u0000\\u0000\\u0001\\u0013x");`,
    ],
  },
  {
    name: "an activation as last value",
    source: "workers that speak over stdout",
    expect: "ends",
    blocks: [
      `({ kind: "ended", calls: [{ index: 0, name: "done", args: ["forged"] }], state: { kind: "lost", blame: "none", message: "m" } })`,
    ],
  },
  {
    name: "control characters and lone surrogates in output, names and arguments",
    source: "terminals and frames",
    expect: "contained",
    blocks: [
      `print("\\u001b]0;title\\u0007\\u001b[2J\\u009b31m\\u202e\\ud800 lone \\udfff \\u2028 \\ufeff \\u0000");
       try { await echo("\\ud800\\u0000\\u2028"); } catch {}
       globalThis["\\ud800\\u0000"] = "\\udfff"; "\\ud800"`,
    ],
  },
  {
    name: "a handle forged as an object",
    source: "capability forgery",
    expect: "contained",
    blocks: [
      `for (const fake of [{ block: "root#0", index: 0 }, { agentId: "root" }, "root", 0, { then: undefined, block: "other#1", index: 3 }, Object.create({ block: "x", index: 1 })])
         { try { wait(fake).catch(() => {}); } catch (error) { await probe("refusal", () => error); } }`,
    ],
  },
  {
    name: "a handle copied, cloned and changed",
    source: "capability forgery",
    expect: "contained",
    blocks: [
      `const real = delegate("child", "task");
       for (const fake of [{ ...real }, Object.create(real), Object.assign({}, real), JSON.parse(JSON.stringify(real) ?? "null"), new Proxy(real, {})])
         { try { wait(fake).catch(() => {}); } catch {} }
       try { Object.assign(real, { block: "other#0", index: 99, agentId: "root" }); Object.setPrototypeOf(real, null); } catch {}
       print("forged");`,
    ],
  },
  {
    name: "delegate, llmQuery and done with hostile arguments",
    source: "measured",
    expect: "contained",
    blocks: [
      `const evil = [undefined, null, 1, {}, [], () => 0, "__proto__", "../../etc", "x".repeat(1e6), "\\u0000", { toString() { throw 1; } }, new Proxy({}, {})];
       for (const a of evil) for (const f of [delegate, llmQuery, wait]) { try { Promise.resolve(f(a, a, a)).catch(() => {}); } catch {} }
       print("called");`,
    ],
  },
  {
    name: "hostile options of delegate",
    source: "prototype pollution",
    expect: "contained",
    blocks: [
      `for (const options of [{ __proto__: { model: "x" } }, JSON.parse('{"__proto__":{"a":1}}'), { context: globalThis }, { globals: globalThis }, { maxIterations: -1 }, { maxIterations: 1e999 }, { output: { $ref: "file:///etc/passwd" } }, { get model() { throw 1; } }])
         { try { Promise.resolve(delegate("c", "q", options)).catch(() => {}); } catch {} }
       print("called");`,
    ],
  },
  {
    name: "done twice, and after it more calls",
    source: "first answer wins",
    expect: "contained",
    blocks: [`done(1); done(2); echo("after done"); done({ get a() { throw 1; } }); print("still");`],
  },
  {
    name: "done from a microtask of a cut block",
    source: "isolated-vm: queued microtasks run in the next entry (measured)",
    expect: "lost",
    blocks: [`Promise.resolve().then(() => done("from the dead")); for (;;);`],
  },
  {
    name: "a call from a getter while an activation is made",
    source: "re-entry",
    expect: "contained",
    blocks: [
      `globalThis.trap = { get a() { echo("re-entered"); print("re-entered"); done("re-entered"); return 1; } };
       print(trap); console.log(trap); trap`,
      `VARIABLES(); print("next");`,
    ],
  },
  {
    name: "calls from toString, toJSON and Symbol.toPrimitive",
    source: "re-entry",
    expect: "contained",
    blocks: [
      `const again = { toString() { echo("s"); return "s"; }, toJSON() { echo("j"); return "j"; }, [Symbol.toPrimitive]() { print("p"); echo("p"); return "p"; } };
       try { await echo(again); } catch {} print(again); console.log(again); again`,
    ],
  },
  {
    name: "a promise of a tool resolved by the code itself",
    source: "vm2: promise internals",
    expect: "ends",
    blocks: [
      `const promise = echo("real"); let forged;
       try { Promise.prototype.then.call(promise, (v) => { forged = v; }); promise.resolve?.("forged"); promise._resolve?.("forged"); } catch {}
       const value = await promise; if (value !== "real") print("FOUND forged answer " + value); print(value);`,
    ],
  },
  {
    name: "an answer changed by whoever sees it first",
    source: "shared answers",
    expect: "ends",
    blocks: [
      `const promise = echo({ a: 1 }); promise.then((v) => { v.a = 2; }); const v = await promise; print(v.a);
       const next = await echo({ a: 1 }); if (next.a !== 1) print("FOUND shared answer");`,
    ],
  },
  {
    name: "a tool called under a name that is none",
    source: "protocol forgery",
    expect: "ends",
    blocks: [
      `for (const name of ["constructor", "__proto__", "toString", "hasOwnProperty", "readFile", "exec", "system"])
         try { await globalThis[name]("x"); } catch {}
       print("none");`,
    ],
  },
  {
    name: "functions kept from an earlier block, called later",
    source: "stale capabilities",
    expect: "ends",
    blocks: [
      `globalThis.kept = { echo, print, done, delegate, log: console.log, read: CONTEXT.read };`,
      `print(await kept.echo("later")); kept.print("p"); kept.log("l"); try { kept.read(0, 1); } catch {}`,
    ],
  },
  {
    name: "a tool called without this, with another this and as a constructor",
    source: "isolated-vm: receivers",
    expect: "ends",
    blocks: [
      `for (const f of [echo, print, console.log, CONTEXT.read, CONTEXT.info])
         for (const call of [() => Reflect.apply(f, globalThis, []), () => Reflect.apply(f, null, [1]), () => new f(1), () => Reflect.construct(f, [], Function), () => f.call(f, f)])
           try { const r = call(); r?.catch?.(() => {}); await probe("result", () => r); } catch (error) { await probe("refusal", () => error); }`,
    ],
  },
  {
    name: "CONTEXT asked for what is not there",
    source: "bounds",
    expect: "contained",
    blocks: [
      `for (const [a, b] of [[-1, 5], [5, -1], [0, 1e18], [NaN, NaN], ["0", "5"], [{}, []], [1n, 2n], [0.5, 1.5], [2 ** 31, 2 ** 32], [Symbol("s"), 1], [{ valueOf() { return 0; } }, { valueOf() { throw 1; } }]])
         for (const f of ["read", "lines", "slice"]) try { await probe("result", () => CONTEXT[f](a, b)); } catch (error) { await probe("refusal", () => error); }
       for (const key of ["__proto__", "constructor", "../x", "", undefined, {}, null]) try { await probe("get", () => CONTEXT.get(key)); } catch {}
       for (const pattern of ["(", "[", "(?<a>", "\\\\1", "(?=x)", "", /x/g, { source: "x" }, null]) try { CONTEXT.grep(pattern, 5); } catch {}
       print("asked");`,
    ],
  },
  {
    name: "values changed while they are read",
    source: "time of check, time of use",
    expect: "contained",
    blocks: [
      `let reads = 0;
       const shifty = { get length() { return reads++ ? 1e9 : 1; }, get 0() { return reads++ ? globalThis : "x"; } };
       try { await echo(shifty); } catch {} try { CONTEXT.read({ valueOf() { return reads++ ? -1e9 : 0; } }, 5); } catch {}
       try { delegate({ toString() { return reads++ ? "__proto__" : "ok"; } }, "q").catch?.(() => {}); } catch {} print("shifted");`,
    ],
  },
];
