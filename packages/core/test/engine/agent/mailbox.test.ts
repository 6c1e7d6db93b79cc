import { getEventListeners } from "node:events";
import { describe, expect, test } from "vitest";
import { Mailbox, type MailboxEntry } from "../../../src/engine/agent/mailbox.ts";
import { RLMError } from "../../../src/index.ts";

const child = (callId: string): MailboxEntry => ({ kind: "child", callId });
const { signal } = new AbortController();

describe("arrivals", () => {
  test("are given in the order in which they came", async () => {
    const mailbox = new Mailbox();
    mailbox.put(child("a"));
    mailbox.put(child("b"));
    expect(mailbox.size).toBe(2);
    expect(mailbox.take()).toEqual(child("a"));
    expect(await mailbox.next(signal)).toEqual(child("b"));
    expect(mailbox.take()).toBeUndefined();
  });

  test("reach who waits for them, and leave no listener on the signal", async () => {
    const mailbox = new Mailbox();
    const controller = new AbortController();
    for (let round = 0; round < 50; round++) {
      const next = mailbox.next(controller.signal);
      mailbox.put(child(`c${round}`));
      expect(await next).toEqual(child(`c${round}`));
    }
    expect(getEventListeners(controller.signal, "abort")).toEqual([]);
    expect(mailbox.size).toBe(0);
  });

  test("are kept for the next reader when one was aborted", async () => {
    const mailbox = new Mailbox();
    const controller = new AbortController();
    const next = mailbox.next(controller.signal);
    controller.abort();
    await expect(next).rejects.toSatisfy((error) => RLMError.is(error, "aborted"));
    mailbox.put(child("a"));
    await expect(mailbox.next(controller.signal)).rejects.toThrow("Aborted while a block waited");
    expect(mailbox.take()).toEqual(child("a"));
  });

  test("forget a child that goes on after all, and nothing else", () => {
    const mailbox = new Mailbox();
    for (const id of ["a", "b", "a"]) mailbox.put(child(id));
    mailbox.forgetChild("a");
    expect(mailbox.take()).toEqual(child("b"));
    expect(mailbox.size).toBe(0);
  });
});
