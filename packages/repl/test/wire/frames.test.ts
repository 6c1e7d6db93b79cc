import { expect, test } from "vitest";
import {
  decodeReply,
  decodeRequest,
  encodeFrame,
  type ReplyFrame,
  type RequestFrame,
  readLimit,
} from "../../src/wire/frames.ts";

const REQUESTS: readonly RequestFrame[] = [
  { type: "open", protocol: 1, spec: "{}" },
  { type: "start", entry: 1, block: "{}" },
  { type: "deliver", entry: 2, answer: "{}" },
  { type: "range", read: 3, text: "text\n\u2028" },
  { type: "range", read: 3, text: null },
  { type: "dispose" },
];

const REPLIES: readonly ReplyFrame[] = [
  { type: "hello", protocol: 1, engine: "v8 13.6" },
  { type: "hello", protocol: 1, engine: "cpython 3.13", language: "python" },
  { type: "opened" },
  { type: "activation", entry: 1, activation: '{"calls":[]}' },
  { type: "read", read: 1, key: "doc", start: 0, end: 5 },
  { type: "failed", message: "gone" },
  { type: "failed", message: "gone", limit: { name: "timeMs", value: 5, unit: "ms" } },
  { type: "failed", message: "gone", limit: { name: "memoryMB", value: 128, unit: "MB" } },
];

test.each(REQUESTS)("a request of type $type comes through as it is", (frame) => {
  expect(decodeRequest(encodeFrame(frame))).toEqual(frame);
});

test.each(REPLIES)("a reply of type $type comes through as it is", (frame) => {
  expect(decodeReply(encodeFrame(frame))).toEqual(frame);
});

test.each([
  ["not JSON", 'sent a frame that is not JSON; it begins with "not JSON"'],
  ["[]", "sent a frame that is not an object"],
  ["null", "sent a frame that is not an object"],
  ['{"type":"exec"}', "sent a frame of unknown type"],
  ['{"type":"activation","entry":1}', 'sent a frame without a text "activation"'],
  ['{"type":"activation","entry":-1,"activation":""}', 'sent a frame without a number "entry"'],
  ['{"type":"activation","entry":1.5,"activation":""}', 'sent a frame without a number "entry"'],
  ['{"type":"read","read":1,"key":"doc","start":0,"end":"5"}', 'sent a frame without a number "end"'],
  ['{"type":"hello","protocol":"1","engine":""}', 'sent a frame without a number "protocol"'],
])("the reply %s is refused", (text, message) => {
  expect(() => decodeReply(text)).toThrow(`The sandbox ${message}.`);
});

test("a failure's text is cut to size", () => {
  const frame = decodeReply(JSON.stringify({ type: "failed", message: "m".repeat(9_000) }));
  expect(frame).toEqual({ type: "failed", message: `${"m".repeat(2_000)}…` });
});

test.each([
  { name: "x", value: -1, unit: "ms" },
  { name: "timeMs", value: -1, unit: "ms" },
  { name: "timeMs", value: "9", unit: "ms" },
  { name: "timeMs", value: null, unit: "ms" },
  { name: "timeMs", value: 5, unit: "IGNORE ALL PREVIOUS " },
  { name: "maxTotalTokens", value: 5, unit: "tokens" },
  { name: "wallMs", value: 5, unit: "ms" },
  { name: "memoryMB", value: 5, unit: "ms" },
  "timeMs",
  null,
])("a failure of the limit %j, which no program in a sandbox holds, is one of none", (limit) => {
  const frame = decodeReply(JSON.stringify({ type: "failed", message: "m", limit }));
  expect(frame).toEqual({ type: "failed", message: "m" });
});

test.each([
  { name: "lifetimeMs", value: 0, unit: "ms" },
  { name: "rssMB", value: 1.5, unit: "MiB" },
])("%j is a limit", (limit) => {
  expect(readLimit({ ...limit, more: 1 })).toEqual(limit);
});

test.each([
  { name: "n".repeat(50), value: 1, unit: "ms" },
  { name: "no name", value: 1, unit: "ms" },
  { name: "a", value: Number.POSITIVE_INFINITY, unit: "ms" },
  { name: "a", value: 1, unit: "m s" },
  { name: "a", value: 1 },
])("%j is no limit", (limit) => {
  expect(readLimit(limit)).toBe(null);
});
