import { Annotation, END, MemorySaver, Send, START, StateGraph } from "@langchain/langgraph";

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

/** An agent that is asked and runs what it was told, in turn: two steps a reply, as here two transitions. */
export async function langgraphChain(replies: number): Promise<void> {
  const graph = new StateGraph(Messages)
    .addNode("model", ({ messages }) => ({
      messages: [{ role: "assistant" as const, content: `{"do":"print","text":"line ${messages.length}"}` }],
    }))
    .addNode("run", ({ messages }) => ({
      messages: [{ role: "user" as const, content: `line ${messages.length}: ${OBSERVED}` }],
    }))
    .addEdge(START, "model")
    .addEdge("model", "run")
    .addConditionalEdges("run", ({ messages }) => (messages.length >= 2 * replies ? END : "model"))
    .compile({ checkpointer: new MemorySaver() });
  await graph.invoke(
    { messages: [{ role: "user", content: "begin" }] },
    { configurable: { thread_id: "chain" }, recursionLimit: 2 * replies + 10 },
  );
}

const Answers = Annotation.Root({
  answers: Annotation<readonly string[]>({
    reducer: (before, added) => [...before, ...added],
    default: () => [],
  }),
});

/** Map and reduce by `Send`: the children are single functions, which is less than an agent here does. */
export async function langgraphFan(children: number): Promise<void> {
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
    .compile({ checkpointer: new MemorySaver() });
  const { answers } = await graph.invoke({}, { configurable: { thread_id: "fan" }, recursionLimit: 100 });
  if (answers.length !== children + 1) throw new TypeError(`Only ${answers.length} answers came.`);
}
