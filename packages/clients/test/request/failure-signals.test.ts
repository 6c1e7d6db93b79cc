import { describe, expect, test } from "vitest";
import { answerFailure } from "../../src/request/request-failure.ts";

const CONTEXT = {
  provider: "openai",
  secrets: [],
  keySent: true,
  address: "http://host/v1/chat/completions",
};

function meaning(status: number | undefined, body: unknown, headers: Readonly<Record<string, string>> = {}) {
  const answer = {
    ...(status !== undefined && { status }),
    headers: new Headers(headers),
    body: JSON.stringify(body),
  };
  const { details, message } = answerFailure(CONTEXT, answer);
  return { reason: details.reason, wait: details.retryAfterMs, message };
}

describe("an account without credit does not pass", () => {
  test.each<[number, unknown]>([
    [
      429,
      {
        error: {
          message: "suspended due to insufficient balance, please recharge",
          type: "exceeded_current_quota_error",
        },
      },
    ],
    [
      429,
      { error: { code: "1113", message: "Insufficient balance or no resource package. Please recharge." } },
    ],
    [
      403,
      {
        code: "exhausted",
        error: "Your team has either used all available credits or reached its monthly spending limit.",
      },
    ],
    [
      402,
      { error: { message: "Insufficient Balance", type: "unknown_error", code: "invalid_request_error" } },
    ],
    [
      402,
      {
        error: {
          message: "This request requires more credits, or fewer max_tokens. You can only afford 27009",
          code: 402,
        },
      },
    ],
    [402, {}],
    [
      400,
      { code: "Arrearage", message: "Access denied, please make sure your account is in good standing." },
    ],
    [403, { error: { message: "用户额度不足, 剩余额度: ¥0", code: "insufficient_user_quota" } }],
    [
      429,
      {
        error: {
          message: "You exceeded your current quota, please check your plan and billing details.",
          code: "insufficient_quota",
        },
      },
    ],
    [
      429,
      { error: { message: "You exceeded your current quota, please check your plan and billing details." } },
    ],
    [500, { error: { message: "credit balance is too low" } }],
    [
      429,
      {
        error: {
          message:
            "Rate limit exceeded: free-models-per-day. Add 10 credits to unlock 1000 free model requests per day",
          code: 429,
        },
      },
    ],
    [
      429,
      {
        error: {
          code: 429,
          status: "RESOURCE_EXHAUSTED",
          message: "Quota exceeded",
          details: [
            { violations: [{ quotaId: "GenerateRequestsPerDayPerProjectPerModel-FreeTier" }] },
            { retryDelay: "38s" },
          ],
        },
      },
    ],
    [
      429,
      { error: { type: "rate_limit_error", message: "Extra usage is required for long context requests." } },
    ],
    [
      400,
      {
        error: {
          type: "invalid_request_error",
          message: "You have reached your specified API usage limits.",
        },
      },
    ],
    [
      429,
      {
        error: {
          code: "1308",
          message: "Usage limit reached for 5 hour. Your limit will reset at 2026-12-01 18:00:00",
        },
      },
    ],
    [
      429,
      {
        error: {
          message: "Your weekly plan quota has been exhausted. It will reset at 2026-12-07",
          type: "quota_exhausted",
        },
      },
    ],
    [402, { error: "You have exceeded your monthly included credits for Inference Providers." }],
    [
      429,
      {
        error: {
          message: "Too many tokens per day, please wait before trying again.",
          type: "ThrottlingException",
        },
      },
    ],
    [429, { errors: [{ message: "you have used up your daily free allocation of 10,000 neurons" }] }],
    [
      403,
      { code: "AllocationQuota.FreeTierOnly", message: "The free tier of the model has been exhausted." },
    ],
    [
      403,
      {
        error: {
          code: "AccountOverdueError",
          message: "The request failed because your account has an overdue balance.",
        },
      },
    ],
    [
      429,
      {
        error: {
          code: "QuotaExceeded",
          message: "You have exceeded the 5-hour usage quota. It will reset at 18:00",
        },
      },
    ],
    [403, { code: 30001, message: "Sorry, your account balance is insufficient" }],
    [
      412,
      { error: { message: "Account is suspended, possibly due to reaching the monthly spending limit" } },
    ],
    [429, { error: { message: "you've reached your hourly usage limit, please upgrade to continue" } }],
    [400, { error: { code: "NOT_ENOUGH_BALANCE", message: "no" } }],
  ])("%i %j", (status, body) => {
    const { reason, message } = meaning(status, body);
    expect(reason).toBe("quota");
    expect(message).toContain("Waiting does not help");
  });
});

describe("a limit of requests or tokens in a time passes", () => {
  test.each<[number | undefined, unknown, number | undefined]>([
    [
      429,
      {
        error: {
          message:
            "Rate limit reached for m on tokens per min (TPM): Limit 10000, Used 8554, Requested 3082. Please try again in 9.816s. Visit https://platform.openai.com/account/billing",
          code: "rate_limit_exceeded",
        },
      },
      9816,
    ],
    [
      429,
      {
        error: {
          message:
            "Rate limit reached on tokens per day (TPD): Limit 100000, Used 99500. Please try again in 28m48.5s. Need more tokens? Upgrade today",
        },
      },
      1_728_500,
    ],
    [
      429,
      {
        error: { message: "Too many tokens, please wait before trying again.", type: "ThrottlingException" },
      },
      undefined,
    ],
    [
      400,
      {
        error: { message: "Too many tokens, please wait before trying again.", type: "ThrottlingException" },
      },
      undefined,
    ],
    [
      429,
      [
        {
          error: {
            code: 429,
            message: "Resource has been exhausted (e.g. check quota).",
            status: "RESOURCE_EXHAUSTED",
          },
        },
      ],
      undefined,
    ],
    [
      429,
      {
        error: {
          message:
            "You exceeded your current quota, limit: 250000 input tokens per minute. Please retry in 38.2s.",
        },
      },
      38_200,
    ],
    [
      429,
      { error: { message: "Service tier capacity exceeded for this model.", type: "invalid_request_error" } },
      undefined,
    ],
    [
      429,
      {
        error: {
          message:
            "This request would exceed your organization's rate limit of 40,000 input tokens per minute",
          type: "rate_limit_error",
        },
      },
      undefined,
    ],
    [
      429,
      { error: { message: "Requests have exceeded token rate limit. Please retry after 86400 seconds." } },
      86_400_000,
    ],
    [
      429,
      {
        error: { message: "Your account request reached project TPM rate limit, current: 1410, limit: 100" },
      },
      undefined,
    ],
    [undefined, { error: { message: "Rate limit exceeded, try again in 2 minutes" } }, 120_000],
    [
      429,
      [
        {
          error: {
            code: 429,
            status: "RESOURCE_EXHAUSTED",
            message:
              "Quota exceeded for aiplatform.googleapis.com/generate_content_requests_per_minute_per_project_per_base_model",
          },
        },
      ],
      undefined,
    ],
    [
      429,
      {
        code: "Throttling.AllocationQuota",
        message: "Allocated quota exceeded, please increase your quota limit.",
      },
      undefined,
    ],
    [
      429,
      {
        error: {
          code: "429",
          message:
            "Requests have exceeded token rate limit of your current OpenAI S0 pricing tier. Please retry after 20 seconds. Please go here: https://aka.ms/oai/quotaincrease if you would like to further increase the default rate limit.",
        },
      },
      20_000,
    ],
    [
      429,
      {
        error: {
          code: "RateLimitReached",
          message:
            "Rate limit of 50 per 86400s exceeded for UserByModelByDay. Please wait 43002 seconds before retrying.",
        },
      },
      43_002_000,
    ],
    [
      429,
      {
        error: {
          message: "Requests per minute limit exceeded - too many requests sent.",
          type: "too_many_requests_error",
          code: "request_quota_exceeded",
        },
      },
      undefined,
    ],
  ])("%s %j", (status, body, wait) => {
    expect(meaning(status, body)).toMatchObject({ reason: "rate_limit", wait });
  });
});

describe("a wait is honoured wherever it is told", () => {
  test.each<[Readonly<Record<string, string>>, unknown, number | undefined]>([
    [{ "retry-after": "12" }, {}, 12_000],
    [{ "retry-after": "12s" }, {}, 12_000],
    [{ "retry-after": "1m30s" }, {}, 90_000],
    [{ "retry-after": " 3 " }, {}, 3000],
    [{ "retry-after": "2026-12-01T00:00:09Z", date: "Tue, 01 Dec 2026 00:00:00 GMT" }, {}, 9000],
    [{ "retry-after": "Tuesday, 01-Dec-26 00:00:09 GMT", date: "Tue, 01 Dec 2026 00:00:00 GMT" }, {}, 9000],
    [{ "retry-after": "-5" }, {}, undefined],
    [{ "retry-after": "9".repeat(400) }, {}, undefined],
    [{}, { error: { retry_after: 7 } }, 7000],
    [{}, { error: { metadata: { retry_after_seconds: 7.5 } } }, 7500],
    [{}, { retry_after_ms: 250 }, 250],
    [{}, { error: { details: [{ "@type": "RetryInfo", retryDelay: "38.5s" }] } }, 38_500],
    [{}, { error: { message: "try again in 250ms" } }, 250],
    [{}, { error: { message: "wait 3 more times" } }, undefined],
    [{}, { error: { message: "limit 5 minutes" } }, undefined],
  ])("%j %j", (headers, body, wait) => {
    expect(meaning(429, body, headers).wait).toBe(wait);
  });

  test("as the moment of a reset that OpenRouter passes on", () => {
    const reset = String(Date.now() + 60_000);
    const { wait } = meaning(429, { error: { metadata: { headers: { "X-RateLimit-Reset": reset } } } });
    expect(wait).toBeGreaterThan(30_000);
    expect(wait).toBeLessThanOrEqual(60_000);
  });
});

describe("a request that is too long is told so, in whatever words", () => {
  test.each<[number, unknown]>([
    [
      500,
      {
        error: {
          message: "the request exceeds the available context size. try increasing it",
          type: "exceed_context_size_error",
        },
      },
    ],
    [400, { error: { message: "prompt too long; exceeded max context length by 100918 tokens" } }],
    [400, { error: { message: "Input is too long for requested model.", type: "ValidationException" } }],
    [
      400,
      {
        error: {
          message: "The number of tokens to keep from the initial prompt is greater than the context length.",
        },
      },
    ],
    [
      400,
      [
        {
          error: {
            message:
              "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
          },
        },
      ],
    ],
    [400, { error: "This model's maximum prompt length is 131072 but the request contains 537812 tokens." }],
    [400, { error: { message: "Invalid request: Your request exceeded model token limit: 262144" } }],
    [400, { error: { code: "1261", message: "Prompt exceeds max length" } }],
    [400, { error: { message: "Range of input length should be [1, 129024]" } }],
    [400, { message: "too many tokens: total tokens exceeds the model's max of 4096" }],
    [
      400,
      {
        object: "error",
        message:
          "Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum context length",
      },
    ],
    [422, { error: { message: "`inputs` tokens + `max_new_tokens` must be <= 8193. Given: 9000" } }],
    [
      400,
      {
        error: {
          message: "Please reduce the length of the messages or completion.",
          code: "context_length_exceeded",
        },
      },
    ],
    [400, { error: { message: "prompt token count of 128004 exceeds the limit of 128000" } }],
    [
      502,
      {
        error: {
          message: "Provider returned error",
          metadata: { raw: '{"error":{"message":"prompt is too long: 210000 tokens > 200000 maximum"}}' },
        },
      },
    ],
    [
      429,
      {
        error: {
          message:
            "Request too large for m on tokens per min (TPM): Limit 30000, Requested 37313. The input or output tokens must be reduced",
          code: "rate_limit_exceeded",
        },
      },
    ],
    [
      413,
      {
        error: {
          message:
            "Request too large for model `m` on tokens per minute (TPM): Limit 6000, Requested 7500, please reduce your message size",
          code: "rate_limit_exceeded",
        },
      },
    ],
    [
      429,
      {
        error: {
          message:
            "Rate limit reached on tokens per minute (TPM): Limit 7000, Used 0, Requested ~12903. Please try again in 50.597142857s.",
          code: "rate_limit_exceeded",
        },
      },
    ],
    [
      400,
      { error: { message: "Prompt tokens (9000) exceeds context size (8192)", type: "context_exceeded" } },
    ],
    [500, { error: { message: "input length too long" } }],
  ])("%i %j", (status, body) => {
    const { reason, message } = meaning(status, body);
    expect(reason).toBe("context_too_long");
    expect(message).toContain("Send less");
  });
});

describe("advice fits what is wrong", () => {
  test.each<[number, unknown, string, string]>([
    [
      400,
      {
        error: {
          message:
            "'max_tokens' or 'max_completion_tokens' is too large: 8192. This model's maximum context length is 8192 tokens and your request has 25 input tokens",
        },
      },
      "invalid_request",
      "maxOutputTokens",
    ],
    [
      400,
      {
        error: {
          message: "max_tokens is too large: 5000. This model supports at most 4096 completion tokens",
        },
      },
      "invalid_request",
      "maxOutputTokens",
    ],
    [
      400,
      {
        error: {
          message:
            "This model's maximum context length is 6048 tokens. However, you requested 9616 tokens (1424 in the messages, 8192 in the completion).",
        },
      },
      "context_too_long",
      "maxOutputTokens",
    ],
    [
      422,
      {
        object: "error",
        message: {
          detail: [
            {
              type: "extra_forbidden",
              loc: ["body", "max_completion_tokens"],
              msg: "Extra inputs are not permitted",
            },
          ],
        },
      },
      "invalid_request",
      "tokenLimitField",
    ],
    [
      400,
      {
        error: {
          message:
            "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
        },
      },
      "invalid_request",
      "tokenLimitField",
    ],
    [400, { error: { message: "property 'stream_options' is unsupported" } }, "invalid_request", "extraBody"],
    [
      400,
      { error: { message: "This response_format type is unavailable now" } },
      "invalid_request",
      "structuredOutput",
    ],
    [
      400,
      { error: { message: "Filtered due to our content management policy.", code: "content_filter" } },
      "invalid_request",
      "filter",
    ],
    [400, { error: { message: "Content Exists Risk" } }, "invalid_request", "filter"],
    [
      400,
      { error: { message: "API key not valid. Please pass a valid API key.", status: "INVALID_ARGUMENT" } },
      "authentication",
      "Check the key",
    ],
    [404, { error: { message: "model 'qwen3' not found" } }, "invalid_request", "Check the model's name."],
    [404, { detail: "Not Found" }, "invalid_request", "baseURL"],
    [405, { detail: "Method Not Allowed" }, "invalid_request", "baseURL"],
    [
      500,
      { error: "model requires more system memory (7.5 GiB) than is available (6.0 GiB)" },
      "invalid_request",
      "more memory",
    ],
    [501, { error: "not implemented" }, "invalid_request", "options"],
  ])("%i %j", (status, body, reason, advice) => {
    const failure = meaning(status, body);
    expect(failure.reason).toBe(reason);
    expect(failure.message).toContain(advice);
    expect(failure.message).toContain("http://host/v1/chat/completions");
  });

  test("and words that pass keep passing", () => {
    for (const [status, message] of [
      [503, "The model is currently overloaded. Please try again later."],
      [500, "The server had an error while processing your request"],
      [503, "no model instance is available right now"],
      [498, "Flex tier capacity exceeded"],
      [524, "A timeout occurred"],
      [500, "rpc error: code = DeadlineExceeded desc = context deadline exceeded"],
    ] as const) {
      expect(meaning(status, { error: { message } }).reason).toBe("overloaded");
    }
  });
});
