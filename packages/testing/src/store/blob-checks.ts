import { type ContractCheck, ensureEqual } from "../contract/contract.ts";
import { ensureRejects } from "./ensure-rejects.ts";
import { placeCheck, type StoreDriver, type StorePlace } from "./store-driver.ts";
import { sampleRun } from "./store-samples.ts";

/** What blobs promise. */
export function blobChecks(driver: StoreDriver): readonly ContractCheck[] {
  return [
    placeCheck(driver, "a blob is known by the SHA-256 of its UTF-8 and its size", namesBlobs),
    placeCheck(driver, "blobs are read back, also after a restart and from another run", readsBlobs),
    placeCheck(driver, "a blob that is not there is not found", refusesUnknownBlob),
    placeCheck(driver, "a blob that UTF-8 cannot hold is refused", refusesLoneSurrogates),
  ];
}

async function namesBlobs({ stores }: StorePlace): Promise<void> {
  const { payloads } = await stores.createRun(sampleRun());
  const abc = { digest: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", bytes: 3 };
  ensureEqual(await payloads.putBlob("abc"), abc, "the reference of abc");
  ensureEqual(await payloads.putBlob("abc"), abc, "the reference of abc, put again");
  const umlaut = await payloads.putBlob("ä\u{1F600}");
  ensureEqual(umlaut.bytes, 6, "the size in bytes");
}

async function readsBlobs({ stores, reopen }: StorePlace): Promise<void> {
  const store = await stores.createRun(sampleRun());
  const texts = ["", '"\ufeff BOM"', JSON.stringify("\ud800 \u{1F600}\0\r\n"), `"${"äx".repeat(200_000)}"`];
  const refs = await Promise.all([...texts, ...texts].map((text) => store.payloads.putBlob(text)));
  const read = (from: typeof store) => Promise.all(refs.map(({ digest }) => from.payloads.getBlob(digest)));
  ensureEqual(await read(store), [...texts, ...texts], "the blobs");
  await store.close();
  const other = await (await reopen()).createRun(sampleRun("run-2"));
  ensureEqual(await read(other), [...texts, ...texts], "the blobs after a restart");
}

async function refusesUnknownBlob({ stores }: StorePlace): Promise<void> {
  const { payloads } = await stores.createRun(sampleRun());
  await ensureRejects("not_found", "reading an unknown blob", payloads.getBlob("0".repeat(64)));
  await ensureRejects("not_found", "opening an unknown context", payloads.openContext("0".repeat(64)));
}

async function refusesLoneSurrogates({ stores }: StorePlace): Promise<void> {
  const { payloads } = await stores.createRun(sampleRun());
  await ensureRejects("invalid_options", "putting half a surrogate pair", payloads.putBlob("a\ud800b"));
}
