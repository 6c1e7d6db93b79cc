import { expect, test } from "vitest";
import {
  decodeReply,
  decodeRequest,
  encodeFrame,
  type ReplyFrame,
  type RequestFrame,
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
  { type: "opened" },
  { type: "turn", entry: 1, turn: '{"calls":[]}' },
  { type: "read", read: 1, key: "doc", start: 0, end: 5 },
  { type: "failed", message: "gone" },
  { type: "failed", message: "gone", limit: { name: "timeMs", value: 5, unit: "ms" } },
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
  ['{"type":"turn","entry":1}', 'sent a frame without a text "turn"'],
  ['{"type":"turn","entry":-1,"turn":""}', 'sent a frame without a number "entry"'],
  ['{"type":"turn","entry":1.5,"turn":""}', 'sent a frame without a number "entry"'],
  ['{"type":"read","read":1,"key":"doc","start":0,"end":"5"}', 'sent a frame without a number "end"'],
  ['{"type":"hello","protocol":"1","engine":""}', 'sent a frame without a number "protocol"'],
])("the reply %s is refused", (text, message) => {
  expect(() => decodeReply(text)).toThrow(`The sandbox ${message}.`);
});

test("a failure's text and limit are cut to size", () => {
  const limit = { name: "n".repeat(500), value: 1, unit: "u".repeat(500) };
  const frame = decodeReply(JSON.stringify({ type: "failed", message: "m".repeat(9_000), limit }));
  expect(frame).toEqual({
    type: "failed",
    message: "m".repeat(2_000),
    limit: { name: "n".repeat(100), value: 1, unit: "u".repeat(20) },
  });
});
