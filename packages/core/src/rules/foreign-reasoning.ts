/** How models that do not write `<think>` mark reasoning at the beginning of a reply. */
const MARKERS: readonly (readonly [open: RegExp, close: RegExp])[] = [
  // Mistral's Magistral
  [/^\[THINK\]/, /\[\/THINK\]/],
  // Kimi-VL
  [/^◁think▷/, /◁\/think▷/],
  // Cohere's Command A
  [/^<\|START_THINKING\|>/, /<\|END_THINKING\|>/],
  // OpenThinker, Sky-T1
  [/^<\|begin_of_thought\|>/, /<\|end_of_thought\|>/],
  // Gemma
  [/^<\|channel>thought\b/, /<channel\|>/],
];

/** The marks that such models put around their answer. */
const AROUND_ANSWER =
  /^\s*<\|(?:START_RESPONSE|START_TEXT|begin_of_solution|begin_of_box)\|>|<\|(?:END_RESPONSE|END_TEXT|end_of_solution|end_of_box)\|>\s*$/g;

/** The channels of gpt-oss where a server dropped the special tokens between them. */
const BARE_CHANNELS = /^analysis[\s\S]*?assistant(?:commentary[\s\S]*?assistant)?final/;
const CHANNEL =
  /(?:<\|start\|>[^<]*)?<\|channel\|>\s*(\w+)[^<]*(?:<\|constrain\|>[^<]*)?<\|message\|>([\s\S]*?)(?=<\|(?:end|return|call|start|channel)\|>|$)/g;

/**
 * The reply without reasoning that is marked in another form than tags like `<think>`, or `null` if all of it is
 * reasoning. Such a section begins with the reply. If only its end is in the reply, the end comes before any fence.
 */
export function withoutForeignReasoning(reply: string): string | null {
  const text = reply.trimStart();
  if (/^<\|(?:channel|start)\|>/.test(text)) return finalChannel(text);
  const bare = BARE_CHANNELS.exec(text);
  if (bare !== null) return text.slice(bare[0].length);
  for (const [open, close] of MARKERS) {
    const begins = open.test(text);
    const end = close.exec(text);
    if (begins && end === null) return null;
    if (end !== null && (begins || end.index < firstFence(text)))
      return text.slice(end.index + end[0].length).replaceAll(AROUND_ANSWER, "");
  }
  return reply.replaceAll(AROUND_ANSWER, "");
}

/** The text that gpt-oss wrote to its channel `final`; the other channels hold reasoning and calls of tools. */
function finalChannel(text: string): string | null {
  const said = [...text.matchAll(CHANNEL)].filter(([, channel]) => channel === "final");
  return said.length === 0 ? null : said.map(([, , message = ""]) => message).join("\n");
}

function firstFence(text: string): number {
  const at = text.search(/^[ \t]*(?:`{3}|~{3})/m);
  return at === -1 ? Number.POSITIVE_INFINITY : at;
}
