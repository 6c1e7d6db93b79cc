import type { PayloadStore } from "@rlmflow/core/store";
import { type ContractCheck, ensureEqual } from "../contract/contract.ts";
import { placeCheck, type StoreDriver, type StorePlace } from "./store-driver.ts";
import { sampleRun } from "./store-samples.ts";

/** What contexts promise. */
export function contextChecks(driver: StoreDriver): readonly ContractCheck[] {
  return [
    placeCheck(driver, "a context is known by the SHA-256 of its UTF-8 and its UTF-16 units", namesContexts),
    placeCheck(driver, "a context in pieces is the same as the whole, wherever it is cut", joinsPieces),
    placeCheck(driver, "any range of a context is read, halves of pairs too", readsRanges),
    placeCheck(driver, "half a surrogate pair in a context becomes a replacement character", repairs),
    placeCheck(driver, "a context outlives a restart and is shared by all runs", outlives),
  ];
}

async function* pieces(text: string, size: number): AsyncGenerator<string, void, undefined> {
  for (let start = 0; start < text.length; start += size) yield text.slice(start, start + size);
}

async function whole(payloads: PayloadStore, digest: string): Promise<string> {
  const context = await payloads.openContext(digest);
  return context.read(0, context.characters);
}

async function namesContexts({ stores }: StorePlace): Promise<void> {
  const { payloads } = await stores.createRun(sampleRun());
  const digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  ensureEqual(await payloads.putContext("abc"), { digest, characters: 3 }, "the name of abc");
  ensureEqual((await payloads.putContext("\u{1F600}ä")).characters, 3, "the length in UTF-16 units");
  const opened = await payloads.openContext(digest);
  ensureEqual([opened.digest, opened.characters], [digest, 3], "the name of what was opened");
}

async function joinsPieces({ stores }: StorePlace): Promise<void> {
  const { payloads } = await stores.createRun(sampleRun());
  const text = "\ufeffa\u{1F600}ä\u{1F680}\u{1F680}\r\n漢z";
  const named = await payloads.putContext(text);
  for (const size of [1, 2, 3, 5, 100]) {
    ensureEqual(
      await payloads.putContext(pieces(text, size)),
      named,
      `the name when put in pieces of ${size}`,
    );
  }
  ensureEqual(await whole(payloads, named.digest), text, "the text");
  ensureEqual(await payloads.putContext(pieces("", 1)), await payloads.putContext(""), "the empty context");
}

async function readsRanges({ stores }: StorePlace): Promise<void> {
  const { payloads } = await stores.createRun(sampleRun());
  const text = `${"x".repeat(65_535)}\u{1F600}${"ä漢\u{1F680}y".repeat(30_000)}end`;
  const { digest } = await payloads.putContext(pieces(text, 10_007));
  const context = await payloads.openContext(digest);
  const starts = [
    0,
    1,
    65_534,
    65_535,
    65_536,
    65_537,
    65_538,
    100_000,
    131_071,
    131_072,
    131_073,
    text.length - 3,
  ];
  for (const start of starts) {
    for (const length of [0, 1, 2, 3, 1000, 70_000]) {
      const end = Math.min(start + length, text.length);
      ensureEqual(context.read(start, end), text.slice(start, end), `the range from ${start} to ${end}`);
    }
  }
  ensureEqual(context.read(0, text.length) === text, true, "whether the whole is the text");
}

async function repairs({ stores }: StorePlace): Promise<void> {
  const { payloads } = await stores.createRun(sampleRun());
  const broken = "a\ud83d b\ude00 c\ud83d";
  const repaired = "a\ufffd b\ufffd c\ufffd";
  const named = await payloads.putContext(repaired);
  ensureEqual(await payloads.putContext(broken), named, "the name of a broken text");
  ensureEqual(await payloads.putContext(pieces(broken, 1)), named, "the name of a broken text in pieces");
  ensureEqual(await whole(payloads, named.digest), repaired, "the text");
}

async function outlives({ stores, reopen }: StorePlace): Promise<void> {
  const store = await stores.createRun(sampleRun());
  const { digest } = await store.payloads.putContext("kept");
  const opened = await store.payloads.openContext(digest);
  await store.close();
  ensureEqual(opened.read(1, 3), "ep", "a range read after the store was closed");
  const other = await (await reopen()).createRun(sampleRun("run-2"));
  ensureEqual(await whole(other.payloads, digest), "kept", "the text");
}
