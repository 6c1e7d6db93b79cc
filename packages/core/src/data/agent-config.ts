/** The limits and choices in force for one agent. `null` stands for no limit. */
export interface AgentConfig {
  /** Key of the client that answers this agent. */
  readonly model: string;
  /** Key of the runtime that runs its code. */
  readonly runtime: string;
  readonly maxDepth: number;
  /** Requests per query, the forced final one included. */
  readonly maxIterations: number;
  readonly maxTotalTokens: number | null;
  readonly maxCostUsd: number | null;
  readonly maxDurationMs: number | null;
  readonly maxAgents: number;
  /** Children one block may delegate to. */
  readonly maxChildren: number;
  /** Characters of output the model is shown per block. */
  readonly maxOutputLength: number;
  /** Messages kept beside the first query, or `null` for all. */
  readonly maxMessages: number | null;
}
