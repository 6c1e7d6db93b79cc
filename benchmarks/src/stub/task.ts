/** What a stubbed agent is asked to do. It stands in the query as JSON, so that the client needs no memory. */
export type Task =
  /** A tree of this many agents, each with at most `fan` children; inner agents answer in their second turn. */
  | { readonly kind: "tree"; readonly agents: number; readonly fan: number; readonly ask: boolean }
  /** One agent that replies this often; all but the last reply print a line. */
  | { readonly kind: "loop"; readonly replies: number }
  /** `width` lines of agents below this one, each `depth` long; the last of a line is never answered. */
  | { readonly kind: "nest"; readonly width: number; readonly depth: number };

/** The code of a stubbed reply, as JSON. */
export type Command =
  | { readonly do: "done" }
  | { readonly do: "print"; readonly text: string }
  /** Delegates every task, waits for each on its own, and with `ask` puts a question for each answer. */
  | { readonly do: "fan"; readonly tasks: readonly Task[]; readonly ask: boolean };

/** What the agent with this task does in its turn; `null` when no reply ever comes. */
export function commandOf(task: Task, turn: number): Command | null {
  switch (task.kind) {
    case "tree":
      if (task.agents <= 1 || turn > 0) return { do: "done" };
      return { do: "fan", tasks: subtrees(task.agents - 1, task.fan, task.ask), ask: task.ask };
    case "loop":
      if (turn >= task.replies - 1) return { do: "done" };
      return { do: "print", text: `line ${turn}: the quick brown fox jumps over the lazy dog` };
    case "nest": {
      if (task.depth === 0) return null;
      const below: Task = { kind: "nest", width: 1, depth: task.depth - 1 };
      return { do: "fan", tasks: new Array<Task>(task.width).fill(below), ask: false };
    }
  }
}

/** The agents below an agent, spread evenly over at most `fan` children. */
function subtrees(agents: number, fan: number, ask: boolean): readonly Task[] {
  const count = Math.min(agents, fan);
  return Array.from({ length: count }, (_, index) => ({
    kind: "tree" as const,
    agents: Math.floor((agents + index) / count),
    fan,
    ask,
  }));
}
