import type { RequestFailure } from "@rlmflow/core";

/** What an error means for the user: finer than the reason, which only decides whether the engine retries. */
export type FailureKind =
  | "filtered"
  | "token_field"
  | "unknown_field"
  | "output_bound"
  | "too_long"
  | "quota"
  | "rate_limit"
  | "key"
  | "model"
  | "cannot_load";

/** One way in which servers say what is wrong. */
export interface FailureSignal {
  readonly kind: FailureKind;
  readonly reason: RequestFailure;
  /** A code, a type or a status word, whole. */
  readonly code?: RegExp;
  /** Anywhere in the message. */
  readonly words?: RegExp;
  /** A check of numbers in the message. */
  readonly says?: (message: string) => boolean;
  /** Statuses for which the words count; a code counts for all. An error within a stream has no status. */
  readonly statuses?: (status: number | undefined) => boolean;
  /** True if it counts only when the server did not say how long to wait. */
  readonly unlessWait?: true;
  /** Where servers say so. */
  readonly source: string;
}

const isClientError = (status: number | undefined): boolean =>
  status === undefined || (status >= 400 && status < 500 && status !== 429);

/** "Limit 7000, Used 0, Requested ~12903": the request exceeds the limit of any minute, whatever wait the message asks for. */
function asksForMoreThanTheLimit(message: string): boolean {
  const [, limit, requested] = /\blimit:? ~?(\d+)\b.{0,60}\brequested:? ~?(\d+)/i.exec(message) ?? [];
  return Number(requested) > Number(limit);
}

/**
 * What servers say, in the order in which it is looked for: permanent failures before passing ones, specific before
 * general. The status decides only if none of these is found.
 */
export const FAILURE_SIGNALS: readonly FailureSignal[] = [
  {
    kind: "filtered",
    reason: "invalid_request",
    code: /^(content_filter(ed)?|content_policy_violation|moderation_blocked|data_?inspection_?failed|ResponsibleAIPolicyViolation|1301)$/i,
    words:
      /content (management|filtering) policy|content exists risk|input was flagged|violates (our )?usage (guidelines|policies)|inappropriate content|content was blocked/i,
    source:
      "Azure compl-ai/compl-ai#20, DeepSeek 'Content Exists Risk', OpenRouter docs/errors (moderation), DashScope",
  },
  {
    kind: "token_field",
    reason: "invalid_request",
    words:
      /(unsupported|unknown|unrecognized|unexpected|extra|not supported|forbidden)[\s\S]{0,120}max_(completion_)?tokens|max_(completion_)?tokens[\s\S]{0,80}(not (supported|permitted|allowed)|unsupported|unrecognized)/i,
    source: "Mistral editor-code-assistant/eca#231, OpenAI 'Use max_completion_tokens instead'",
  },
  {
    kind: "unknown_field",
    reason: "invalid_request",
    words:
      /(stream_options|response_format|reasoning_effort)[\s\S]{0,80}(not (supported|permitted|allowed|available)|unsupported|unavailable|unrecognized|unknown)|(unsupported|unknown|unrecognized|unexpected|extra|does not support|not support)[\s\S]{0,80}(stream_options|response_format|reasoning_effort)/i,
    source: "vercel/ai#1578, DeepSeek 'This response_format type is unavailable now'",
  },
  {
    kind: "output_bound",
    reason: "invalid_request",
    words:
      /(max_(completion_|output_|new_)?tokens'?|maximum tokens you requested)\W[\s\S]{0,60}(too large|less than or equal|valid range|should be \[|exceeds the model|must be (less|at most|in the range))|range of max_tokens|maximum allowed number of output tokens|at most \d+ completion tokens/i,
    source:
      "vLLM docker/docker-agent#3387, OpenAI 'supports at most … completion tokens', Groq, DashScope, Bedrock",
  },
  {
    kind: "too_long",
    reason: "context_too_long",
    code: /^(context_length_exceeded|(model_)?context_window_exceeded|exceed_context_size_error|request_too_large|string_above_max_length|context_exceeded|context_too_long|prompt_too_long|1261)$/i,
    // This one request exceeds the limit of tokens per minute.
    words: /request too large|tokens must be reduced|reduce your message size/i,
    says: asksForMoreThanTheLimit,
    source: "OpenAI Aider-AI/aider#1880, llama.cpp ggml-org/llama.cpp#15780, Anthropic api/errors, Z.ai 1261",
  },
  {
    kind: "quota",
    reason: "quota",
    code: /^(insufficient_(quota|balance|credits?|funds|user_quota)|quota_exhausted|exceeded_current_quota(_error)?|billing_\w+|(insufficient_)?credits_\w+|payment_required|arrearage|not_enough_\w+|account_?(deactivated|overdue)\w*|.*PerDay.*|1113)$/i,
    words:
      /insufficient (account )?(balance|credits?|funds|quota)|balance is (too low|not enough|insufficient)|not enough (credits?|balance|funds)|(out of|used all( available)?|no( remaining| more)?|ran out of|used up (all |your )*|exhausted (all |your )*) ?credits|all available credits|(more|add|buy|purchase) (more |\d+ )*credits|can only afford|\brecharge\b|\btop[- ]?up\b|spending (limit|cap)|billing (hard )?limit|usage limits?\b[^.]{0,20}(reached|exceeded)|(reached|hit|exceeded) (your|the)( [\w-]+){0,3} (usage|spend|monthly|weekly|daily) (limit|quota)|limit of your( current)? plan|credit limit|monthly included credits|daily free allocation|free tier\b[^.]{0,40}(exhausted|used up)|inactive subscription|(reached|hit|exceeded) your( \w+){0,3} usage limits|(plan|weekly|monthly|daily|free|trial)( \w+)? quota[^.]{0,20}(exhausted|used up|exceeded)|extra usage is required|account (is |has been )?(suspended|deactivated|overdue|in arrears)|payment required|余额不足|欠费|充值/i,
    source:
      "Moonshot MoonshotAI/kimi-code#1857, Z.ai zai-org/feedback#789, xAI warpdotdev/warp#14867, OpenRouter 402, DeepSeek 402, anthropics/claude-code#2127 and #29584, QwenLM/qwen-code#7842, one-api insufficient_user_quota",
  },
  {
    kind: "quota",
    reason: "quota",
    words: /limit: 0\b/i,
    source: "Gemini, a model that the free tier does not have: google-gemini/gemini-cli issues, 'limit: 0'",
  },
  {
    kind: "quota",
    reason: "quota",
    words: /(\b|_)per[- _]day\b|daily (limit|quota)/i,
    unlessWait: true,
    source: "Bedrock 'Too many tokens per day', OpenRouter free-models-per-day, Cerebras",
  },
  {
    kind: "rate_limit",
    reason: "rate_limit",
    code: /throttl|^rate_?limit|too_?many_?requests|^RESOURCE_EXHAUSTED$|^1302$|^1303$/i,
    words: /(\b|_)per[- _]?(min(ute)?|sec(ond)?)s?(\b|_)|\b[TR]P[MS]\b|\brate limit (reached|exceeded)/i,
    source: "Bedrock ThrottlingException jin-bo/agentao#88, OpenAI and Moonshot TPM, Z.ai 1302",
  },
  {
    kind: "quota",
    reason: "quota",
    code: /^quota_?exceeded$/i,
    words:
      /exceeded your current quota|check your plan and billing|quota (has been |is )?(exhausted|exceeded)|monthly (limit|quota)/i,
    unlessWait: true,
    source:
      "OpenAI langchain-ai/langchainjs#1929; Gemini says the same of a minute, with the wait: RooCodeInc/Roo-Code#3883",
  },
  {
    kind: "too_long",
    reason: "context_too_long",
    words:
      /maximum context length|max context length|context (window|size|length|limit)[^.]{0,60}(exceed|too small|full)|(exceed|greater|longer|larger|beyond|outside)[^.]{0,60}context(?! (deadline|cancel))|context window exceeds|(prompt|input|request|conversation|messages?)( length)?( is| are)? too (long|large)|input token count[^.]{0,40}exceeds|maximum (prompt|input|sequence) length|exceeded model token limit|exceeds? max(imum)? length|range of input length|too many tokens: |total tokens exceeds|prompt token count|exceeds? the (maximum|limit|max)[^.]{0,40}tokens|reduce the length of the|tokens exceed the configured limit|tokens`? \+ `?max_new_tokens/i,
    source:
      "OpenAI, vLLM, SGLang, llama.cpp, Ollama, LM Studio, Bedrock, Gemini, xAI, Moonshot, Z.ai, Qwen, Cohere: earendil-works/pi#2626, NousResearch/hermes-agent#89502",
  },
  {
    kind: "key",
    reason: "authentication",
    code: /^(invalid_api_?key|incorrect_api_?key|API_KEY_INVALID|authentication_error|unauthorized)$/i,
    words:
      /api[- ]?key (is )?(not valid|invalid|expired|incorrect)|(invalid|incorrect|missing) api[- ]?key|no auth credentials/i,
    source: "OpenAI, Anthropic, Gemini 400 'API key not valid', OpenRouter 401",
  },
  {
    kind: "model",
    reason: "invalid_request",
    code: /^(model_not_found|model_not_exist|unknown_model|DeploymentNotFound|1211)$/i,
    words:
      /model\b.{0,100}(not found|(does|do) not exist|not exist|is not (supported|available|deployed|a valid))|no such model|unknown model|not a valid model|no models? loaded/i,
    statuses: isClientError,
    source: "OpenAI, Azure, Ollama, vLLM, LM Studio, OpenRouter 'is not a valid model ID'",
  },
  {
    kind: "cannot_load",
    reason: "invalid_request",
    words: /requires more system memory|unable to load (the )?model|failed to load (the )?model/i,
    source: "Ollama 500 'model requires more system memory', continuedev/continue#11505",
  },
];

/** Words for errors within a stream, or of a status that says nothing: most general last. */
export const GENERAL_SIGNALS: readonly (readonly [RegExp, RequestFailure])[] = [
  [/rate.?limit|too many requests|throttl|slow down/i, "rate_limit"],
  [/time.?out|timed out|deadline/i, "timeout"],
  [/authentication|permission|unauthori[sz]ed|forbidden/i, "authentication"],
  [/invalid.?(request|argument|parameter)|bad.?request|validation|not.?found/i, "invalid_request"],
  [
    /overload|capacity|unavailable|internal|server.?error|api_error|try again|temporar|busy|upstream|disconnect|connection|engine/i,
    "overloaded",
  ],
];

/** The reason that a status alone implies. */
export const STATUS_REASONS: ReadonlyMap<number, RequestFailure> = new Map([
  [401, "authentication"],
  [402, "quota"],
  [403, "authentication"],
  [408, "timeout"],
  [409, "overloaded"],
  [413, "context_too_long"],
  [425, "overloaded"],
  [429, "rate_limit"],
  // Groq's flex tier has no capacity left: https://console.groq.com/docs/errors
  [498, "overloaded"],
  [501, "invalid_request"],
  [504, "timeout"],
  [505, "invalid_request"],
  [511, "invalid_request"],
]);
