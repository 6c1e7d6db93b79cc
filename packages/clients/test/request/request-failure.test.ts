import { describe, expect, test } from "vitest";
import { connectionFailure } from "../../src/request/request-failure.ts";

const failureOf = (error: unknown) => connectionFailure({ provider: "p", secrets: [], keySent: true }, error);

function errorWith(message: string, code?: string, cause?: unknown): Error {
  return Object.assign(new Error(message, { cause }), code === undefined ? {} : { code });
}

describe("an error without an answer", () => {
  test.each([
    [
      errorWith(
        "Connection error.",
        undefined,
        errorWith("fetch failed", undefined, errorWith("no", "ECONNREFUSED")),
      ),
    ],
    [
      errorWith(
        "Connection error.",
        undefined,
        errorWith("fetch failed", undefined, errorWith("dns", "ENOTFOUND")),
      ),
    ],
    [errorWith("terminated", undefined, errorWith("other side closed", "UND_ERR_SOCKET"))],
    [new TypeError("terminated")],
  ])("is one of the network: %s", (error) => {
    expect(failureOf(error).details).toEqual({ reason: "network" });
  });

  test.each([
    [errorWith("fetch failed", undefined, errorWith("Headers Timeout Error", "UND_ERR_HEADERS_TIMEOUT"))],
    [errorWith("terminated", undefined, errorWith("Body Timeout Error", "UND_ERR_BODY_TIMEOUT"))],
    [errorWith("fetch failed", undefined, errorWith("connect", "ETIMEDOUT"))],
    [errorWith("Request timed out.")],
  ])("is a time-out: %s", (error) => {
    expect(failureOf(error).details).toEqual({ reason: "timeout" });
  });

  test.each([
    [new TypeError("cannot read properties of undefined")],
    [errorWith("INTERNAL ERROR")],
    ["text"],
    [undefined],
    [{ status: "429" }],
  ])("is unknown, and so not tried again, when it says nothing: %s", (error) => {
    const failure = failureOf(error);
    expect(failure.code).toBe("request_failed");
    expect(failure.details).toEqual({ reason: "unknown" });
  });

  test("says what is at the bottom of it, once", () => {
    const refused = errorWith("connect ECONNREFUSED 127.0.0.1:1", "ECONNREFUSED");
    const fetched = errorWith("fetch failed", undefined, refused);
    expect(failureOf(errorWith("Connection error.", undefined, fetched)).message).toBe(
      "p: the request failed (network): Connection error (connect ECONNREFUSED 127.0.0.1:1)",
    );
    expect(failureOf(refused).message).toBe(
      "p: the request failed (network): connect ECONNREFUSED 127.0.0.1:1",
    );
    const several = errorWith("fetch failed", undefined, errorWith("", "ECONNREFUSED"));
    expect(failureOf(several).message).toBe("p: the request failed (network): fetch failed (ECONNREFUSED)");
  });

  test("does not go round in circles", () => {
    const error = new Error("round");
    error.cause = error;
    expect(failureOf(error).details).toEqual({ reason: "unknown" });
  });
});
