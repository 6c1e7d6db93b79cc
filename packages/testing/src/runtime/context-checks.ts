import { ensure, ensureEqual } from "../contract/contract.ts";
import type { RuntimeChecks } from "./runtime-driver.ts";
import { type RuntimeRig, samplePayload } from "./runtime-rig.ts";

/** CONTEXT. */
export const contextChecks: RuntimeChecks = {
  "CONTEXT says what it holds and reads ranges of it": readsRanges,
  "CONTEXT counts lines and reads them": readsLines,
  "CONTEXT finds lines by text and by expression": finds,
  "CONTEXT gives chunks and slices that read themselves": slices,
  "CONTEXT never splits a surrogate pair": keepsPairs,
  "a payload of a MiB is read where needed and never whole": readsWhereNeeded,
  "several payloads are told apart by key": readsSeveral,
  "payloads of several agents are told apart, whatever their keys": readsOwn,
  "an agent without payloads is told so": readsNone,
  "a payload that can't be read is an error of the code's, without the host's words": failsToRead,
  "what a block read of its payloads is on record": recordsReads,
};

const TEXT = "first line\nsecond line\r\n\nfourth: needle\nlast";

async function readsRanges(rig: RuntimeRig): Promise<void> {
  const payload = { ...samplePayload("input", TEXT), metadata: { title: "a file" } };
  const repl = await rig.open({ contexts: [payload] });
  const samples = rig.programs.contexts;
  const info = { key: "input", characters: TEXT.length, metadata: { title: "a file" } };
  ensureEqual(await repl.json(samples.info), info, "CONTEXT.info()");
  const expected = [TEXT, "line", "last", TEXT.slice(40), ""];
  ensureEqual(await repl.json(samples.ranges), expected, "the ranges");
}

async function readsLines(rig: RuntimeRig): Promise<void> {
  const repl = await rig.open({ contexts: [samplePayload("input", TEXT)] });
  ensureEqual(await repl.json(rig.programs.contexts.lineCount), 5, "CONTEXT.lineCount()");
  const lines = await repl.json(rig.programs.contexts.lines);
  const all = ["first line", "second line", "", "fourth: needle", "last"];
  ensureEqual(lines, [all, all.slice(1, 3), ["last"]], "the lines");
}

async function finds(rig: RuntimeRig): Promise<void> {
  const repl = await rig.open({ contexts: [samplePayload("input", TEXT)] });
  const { grep } = rig.programs.contexts;
  const needle = { line: 3, start: TEXT.indexOf("needle"), text: "fourth: needle" };
  ensureEqual(await repl.json(grep.text), [needle], "the hits of a text");
  ensureEqual(await repl.json(grep.expression), [needle], "the hits of an expression");
  ensureEqual(await repl.json(grep.absent), [], "the hits of a text that is not there");
  const [first, ...rest] = (await repl.json(grep.first)) as readonly unknown[];
  ensureEqual(
    [first, rest],
    [{ line: 0, start: 6, text: "first line" }, []],
    "the first hit of an expression",
  );
}

async function slices(rig: RuntimeRig): Promise<void> {
  const repl = await rig.open({ contexts: [samplePayload("input", "0123456789")] });
  const shown = await repl.json(rig.programs.contexts.slices);
  const expected = ["0123", "4567", "89", "3456"].map((text, k) => {
    const start = [0, 4, 8, 3][k] ?? 0;
    return ["input", start, start + text.length, text.length, text, text];
  });
  ensureEqual(shown, expected, "the slices");
  const activation = await repl.start(rig.programs.contexts.slicesToCalls);
  ensureEqual(
    activation.calls.map(({ args }) => args[0]),
    ["12", "23"],
    "slices given to calls",
  );
}

async function keepsPairs(rig: RuntimeRig): Promise<void> {
  const pairs = "\u{1F600}".repeat(10);
  const repl = await rig.open({ contexts: [samplePayload("input", pairs)] });
  const texts = await repl.json(rig.programs.contexts.pairs);
  ensureEqual(texts, [true, "\u{1F600}", "\u{1F600}", pairs], "texts between halves of pairs");
}

const UNITS = 1_048_576;
/** What a runtime may fetch around a range that is asked for, so that it can fetch in pieces. */
const MAX_FETCHED = 4 * 65_536;

async function readsWhereNeeded(rig: RuntimeRig): Promise<void> {
  const line = `${"x".repeat(60)}\u{1F680}\n`;
  const text = line.repeat(UNITS / line.length + 1).slice(0, UNITS);
  let fetched = 0;
  const payload = samplePayload("large", text, (start, end) => {
    fetched += end - start;
  });
  const repl = await rig.open({ contexts: [payload] });
  const samples = rig.programs.contexts;
  ensureEqual(await repl.json(samples.range), text.slice(500_000, 500_010), "a range");
  ensure(fetched <= MAX_FETCHED, `for 10 characters of ${UNITS} the runtime read ${fetched}`);
  const whole = await repl.start(samples.whole);
  ensureEqual(whole.output, `${UNITS}\n`, "the length of the whole");
  ensure(whole.calls[0]?.args[0] === text, "the whole of a large payload is not its text");
  ensureEqual(await repl.json(samples.pieces), [text.split("\n").length, true], "lines and chunks");
}

async function readsSeveral(rig: RuntimeRig): Promise<void> {
  const contexts = [samplePayload("one", "text of one"), samplePayload("__proto__", "text of another")];
  const repl = await rig.open({ contexts });
  const seen = await repl.json(rig.programs.contexts.several);
  ensureEqual(seen, [["one", "__proto__"], "text of one", ["text of another"], "one"], "the payloads");
  for (const code of rig.programs.contexts.ambiguous) {
    const { text } = await repl.threw(code);
    ensure(text.includes('"one"') && text.includes("__proto__"), `${code} does not name the keys: ${text}`);
  }
}

async function readsOwn(rig: RuntimeRig): Promise<void> {
  const texts = ["one", "two", "one"].map((word) => `${word} `.repeat(1000));
  for (const [k, text] of texts.entries()) {
    const repl = await rig.open({ agentId: `root.agent_${k}`, contexts: [samplePayload("input", text)] });
    ensureEqual(await repl.json(rig.programs.contexts.all), text, `the payload of agent ${k}`);
  }
}

async function readsNone(rig: RuntimeRig): Promise<void> {
  const repl = await rig.open();
  const { text } = await repl.threw(rig.programs.contexts.some);
  ensure(text.includes("context"), `an agent without payloads is told: ${text}`);
  ensureEqual(await repl.json(rig.programs.contexts.keys), [], "the keys");
}

async function failsToRead(rig: RuntimeRig): Promise<void> {
  const payload = samplePayload("input", "text", () => {
    throw new RangeError("/host/path/of/the/payload is gone");
  });
  const repl = await rig.open({ contexts: [payload] });
  const output = await repl.output(rig.programs.contexts.unreadable);
  ensure(output.startsWith("true "), `what the code sees is ${output}`);
  ensure(!output.includes("/host/path"), `the code sees the host's words: ${output}`);
  ensureEqual(await repl.output(rig.code.write("next")), "next\n", "the output of the next block");
}

async function recordsReads(rig: RuntimeRig): Promise<void> {
  const contexts = [samplePayload("one", "0123456789"), samplePayload("two", "0123456789")];
  const repl = await rig.open({ contexts });
  const samples = rig.programs.contexts;
  const first = await repl.ended(samples.reads);
  const expected = [
    { key: "one", start: 2, end: 6 },
    { key: "one", start: 8, end: 9 },
  ];
  ensureEqual(first.reads, expected, "what the first block read");
  const second = await repl.threw(samples.readsAndThrows);
  ensureEqual(second.reads, [{ key: "two", start: 0, end: 1 }], "what the second block read");
  ensureEqual((await repl.ended(samples.readsNothing)).reads, [], "what a block read that read nothing");
}
