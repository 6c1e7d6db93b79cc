import { fixedEnvironment } from "@rlmflow/testing";
import { expect, test } from "vitest";

test("the clock moves by one step with each look", () => {
  const environment = fixedEnvironment({ now: 1000, step: 10 });
  expect([environment.now(), environment.now(), environment.now()]).toEqual([1000, 1010, 1020]);
});

test("two environments count alike", () => {
  const [one, two] = [fixedEnvironment(), fixedEnvironment()];
  expect([one.now(), one.randomId(), one.now()]).toEqual([two.now(), two.randomId(), two.now()]);
});

test("ids are 12 letters and digits and never the same", () => {
  const { randomId } = fixedEnvironment();
  const ids = Array.from({ length: 2000 }, randomId);
  expect(new Set(ids).size).toBe(2000);
  expect(ids.every((id) => /^[a-z0-9]{12}$/.test(id))).toBe(true);
});

test("the digest is SHA-256 of the text in UTF-8", async () => {
  const { digest } = fixedEnvironment();
  expect(await digest("")).toBe("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  expect(await digest("ü")).toBe(await sha("ü"));
});

async function sha(text: string): Promise<string> {
  const bytes = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return Buffer.from(bytes).toString("hex");
}

test("sleep moves the clock and resolves at once", async () => {
  const environment = fixedEnvironment({ now: 0, step: 1 });
  await environment.sleep(60_000);
  expect(environment.now()).toBe(60_000);
});

test("sleep stays where it is when the signal has aborted, and never rejects", async () => {
  const environment = fixedEnvironment({ now: 0, step: 1 });
  await environment.sleep(60_000, AbortSignal.abort());
  expect(environment.now()).toBe(0);
});
