import {
  Annotation,
  type BaseCheckpointSaver,
  END,
  GraphRecursionError,
  Send,
  START,
  StateGraph,
} from "@langchain/langgraph";

interface Message {
  readonly role: "user" | "assistant";
  readonly content: string;
}

const Messages = Annotation.Root({
  messages: Annotation<readonly Message[]>({
    reducer: (before, added) => [...before, ...added],
    default: () => [],
  }),
});

const OBSERVED = "the quick brown fox jumps over the lazy dog";
const CHAIN = { thread_id: "chain" };
/** A reply and the running of its code. */
const STEPS_PER_REPLY = 2;

/** An agent that is asked and runs what it was told, in turn: two steps a reply, as here two transitions. */
function chainGraph(replies: number, saver: BaseCheckpointSaver) {
  return new StateGraph(Messages)
    .addNode("model", ({ messages }) => ({
      messages: [{ role: "assistant" as const, content: `{"do":"print","text":"line ${messages.length}"}` }],
    }))
    .addNode("run", ({ messages }) => ({
      messages: [{ role: "user" as const, content: `line ${messages.length}: ${OBSERVED}` }],
    }))
    .addEdge(START, "model")
    .addEdge("model", "run")
    .addConditionalEdges("run", ({ messages }) =>
      messages.length >= STEPS_PER_REPLY * replies ? END : "model",
    )
    .compile({ checkpointer: saver });
}

/** A chain from its beginning to its end. */
export async function langgraphChain(replies: number, saver: BaseCheckpointSaver): Promise<void> {
  const recursionLimit = STEPS_PER_REPLY * replies + 10;
  const begin = { messages: [{ role: "user" as const, content: "begin" }] };
  await chainGraph(replies, saver).invoke(begin, { configurable: CHAIN, recursionLimit });
}

/** A chain that is cut off after `made` of its replies. */
export async function langgraphCutChain(
  replies: number,
  made: number,
  saver: BaseCheckpointSaver,
): Promise<void> {
  const begin = { messages: [{ role: "user" as const, content: "begin" }] };
  try {
    const recursionLimit = STEPS_PER_REPLY * made + 1;
    await chainGraph(replies, saver).invoke(begin, { configurable: CHAIN, recursionLimit });
  } catch (error) {
    if (error instanceof GraphRecursionError) return;
    throw error;
  }
  throw new TypeError("The chain was not cut off.");
}

/** Goes on with a chain where it was cut off. */
export async function langgraphResume(replies: number, saver: BaseCheckpointSaver): Promise<void> {
  const graph = chainGraph(replies, saver);
  const { messages } = await graph.invoke(null, { configurable: CHAIN, recursionLimit: 10_000 });
  if (messages.length < STEPS_PER_REPLY * replies) throw new TypeError("The chain did not reach its end.");
}

/** Goes another way from behind the reply number `from`, to the end: finds that checkpoint and invokes it. */
export async function langgraphTimeTravel(
  replies: number,
  from: number,
  saver: BaseCheckpointSaver,
): Promise<void> {
  const graph = chainGraph(replies, saver);
  for await (const { values, config } of graph.getStateHistory({ configurable: CHAIN })) {
    if (values.messages.length !== STEPS_PER_REPLY * from + 1) continue;
    await graph.invoke(null, { ...config, recursionLimit: 10_000 });
    return;
  }
  throw new TypeError("There is no such checkpoint.");
}

const Answers = Annotation.Root({
  answers: Annotation<readonly string[]>({
    reducer: (before, added) => [...before, ...added],
    default: () => [],
  }),
});

/** Map and reduce by `Send`: the children are single functions, which is less than an agent here does. */
export async function langgraphFan(children: number, saver: BaseCheckpointSaver): Promise<void> {
  const graph = new StateGraph(Answers)
    .addNode("plan", () => ({ answers: [] }))
    .addNode("child", () => ({ answers: ["ok"] }))
    .addNode("join", ({ answers }) => ({ answers: [String(answers.length)] }))
    .addEdge(START, "plan")
    .addConditionalEdges("plan", () =>
      Array.from({ length: children }, (_, child) => new Send("child", { task: child })),
    )
    .addEdge("child", "join")
    .addEdge("join", END)
    .compile({ checkpointer: saver });
  const { answers } = await graph.invoke({}, { configurable: { thread_id: "fan" }, recursionLimit: 100 });
  if (answers.length !== children + 1) throw new TypeError(`Only ${answers.length} answers came.`);
}
