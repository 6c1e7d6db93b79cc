import { crc32 } from "node:zlib";

/** A message as it arrives at the model. */
export interface ScriptMessage {
  readonly role: string;
  readonly content: string;
}

/*
 * The run that is killed: a root, three surveys below it, two leaves below each. State crosses turns in
 * variables, so that an answer is right only where REPLs were rebuilt as they were; tools that may be repeated
 * and that must not be, sub-LLM queries and parallel children are in flight at most moments.
 */

const ONCE = (what: string) =>
  `try { await record(${JSON.stringify(what)}) } catch (error) { if (error.name !== "outcome_unknown") throw error }`;

const ROOT = [
  `const names = ["a", "b", "c"];
const handles = names.map((name) => delegate(name, "survey " + name));
const seen = [await lookup("root")];
print(seen, AGENT_ID);`,
  `${ONCE("root before")}
seen.push(await lookup("while they work"));
const surveys = await wait(...handles);
print(surveys.length);`,
  `const [one, two] = await Promise.all([llmQuery("sum up " + surveys.join(" ")), llmQuery("name it")]);
${ONCE("root after")}`,
  `done({ seen, surveys, one, two, chance: typeof Math.random() })`,
];

const survey = (name: string) => [
  `let own = await lookup(${JSON.stringify(name)});
const leaves = [1, 2].map((n) => delegate("leaf", "leaf ${name}" + n));
const drawn = Math.floor(Math.random() * 1000);
print(own);`,
  `const found = [];
for (const leaf of leaves) { found.push(await leaf); own += await lookup(found.at(-1)); }
${ONCE(name)}`,
  `const word = await llmQuery("word for " + own);
done([${JSON.stringify(name)}, own, found, word, drawn].join("|"))`,
];

const leaf = (name: string) => [
  `const [x, y] = await Promise.all([lookup(${JSON.stringify(name)}), llmQuery("leaf word ${name}")]); print(x)`,
  `done(x + y + ${JSON.stringify(name)})`,
];

/** What the model replies: a pure function of the messages. */
export function replyTo(messages: readonly ScriptMessage[]): string {
  if (messages[0]?.role !== "system") return `word ${crc32(messages.at(-1)?.content ?? "").toString(36)}`;
  const query = messages.find(({ role }) => role === "user")?.content ?? "";
  const turn = messages.filter(({ role }) => role === "assistant").length;
  const [kind = "", name = ""] = query.split(" ");
  const turns = kind === "survey" ? survey(name) : kind === "leaf" ? leaf(name) : ROOT;
  return `I go on.\n\`\`\`repl\n${turns[turn] ?? "done('the script has no more')"}\n\`\`\``;
}
