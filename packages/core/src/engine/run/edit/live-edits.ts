import { decodeEdit } from "../../../data/decode/decode.ts";
import type { ConfigPatch, Edit } from "../../../data/edit.ts";
import { type AgentState, agentState } from "../../../data/graph/agent-state.ts";
import { editNodes } from "../../../data/graph/apply-edit.ts";
import { parentAgent } from "../../../data/ids.ts";
import { deepFreeze } from "../../../data/json.ts";
import type { ChainNode } from "../../../data/node.ts";
import { RLMError } from "../../../errors.ts";
import { configProblems } from "../../../rules/limits.ts";
import type { AnswerSchemas } from "../../../schema/answer-schemas.ts";
import { asJson, copyObject } from "../../../schema/json-copy.ts";
import type { ReplPool } from "../../repl/repl-pool.ts";
import { agentBudget, limitsOf } from "../../resources/agent-budget.ts";
import type { Budget } from "../../resources/budget.ts";
import type { FlowSettings } from "../../resources/settings.ts";
import type { Journal } from "../../store/journal.ts";
import type { LiveAgent } from "../schedule/live-agent.ts";
import type { Scheduler } from "../schedule/scheduler.ts";
import type { TimeLimits } from "../schedule/time-limits.ts";
import type { Cancels } from "./cancels.ts";

/** What landing an edit needs of the live run. */
export interface LiveEditsParts {
  readonly settings: FlowSettings;
  readonly journal: Journal;
  readonly schemas: AnswerSchemas;
  readonly scheduler: Scheduler;
  readonly repls: ReplPool;
  readonly clocks: TimeLimits;
  readonly cancels: Cancels;
  admit(agentId: string): void;
}

/**
 * Edits of a live run.
 *
 * Owns: the line of edits of agents that have ended. Does not own: the log, the agents.
 * 1. An edit lands between two transitions of its agent (scheduler.ts, invariant 5): whatever is in flight lands first
 *    and is kept. Only a cancel cuts, and only in the subtree that it names.
 * 2. An edit that is refused adds nothing to the log.
 * 3. An agent that has ended is opened again between two transitions of its parent, so that the end is not being
 *    delivered to the parent at the same time.
 */
export class LiveEdits {
  readonly #parts: LiveEditsParts;
  #ended: Promise<unknown> = Promise.resolve();

  constructor(parts: LiveEditsParts) {
    this.#parts = parts;
  }

  /** Makes the edit and gives the ids of its nodes, the first of which names the inbox entry it came from. */
  async apply(given: Edit, entry?: string): Promise<readonly string[]> {
    const edit = decodeEdit(copyObject(given, "the edit"), "the edit");
    const { scheduler, journal } = this.#parts;
    if (scheduler.stopped)
      throw refused("The run was aborted: resume it, then make the edit, or put it into the inbox.");
    const agent = scheduler.agent(edit.agentId);
    if (edit.kind === "cancel" || agent === undefined) editNodes(journal.graph, edit, 0);
    if (edit.kind === "cancel") {
      const { agentId, reason = "cancelled by a user" } = edit;
      return await scheduler.hold(() =>
        this.#parts.cancels.cancel({ agents: [agentId], reason, origin: "user", entry }),
      );
    }
    if (agent === undefined) return await this.#inLine(edit, entry);
    if (agent.state.kind === "stopped")
      throw refused(`Agent ${edit.agentId} is being stopped; it takes no more edits.`);
    return await scheduler.between(agent, () => this.#land(edit, entry));
  }

  /** Agents that have ended have no boundary of their own: their edits land one after another. */
  async #inLine(edit: Edit, entry: string | undefined): Promise<readonly string[]> {
    const { scheduler } = this.#parts;
    const reopen = async () => {
      // An edit before this one may have opened the agent already.
      if (scheduler.agent(edit.agentId) !== undefined) return await this.apply(edit, entry);
      const nodes = await this.#land(edit, entry);
      await this.#tellAgain(edit.agentId);
      this.#parts.admit(edit.agentId);
      return nodes;
    };
    const parent = scheduler.agent(parentAgent(edit.agentId) ?? "");
    const landed = this.#ended.then(() =>
      parent === undefined ? scheduler.hold(reopen) : scheduler.between(parent, reopen),
    );
    this.#ended = landed.catch(() => {});
    return await landed;
  }

  /** The parent of an agent that goes on has not heard of its end: its waits are read off the log again. */
  async #tellAgain(agentId: string): Promise<void> {
    const { scheduler, repls } = this.#parts;
    const parent = scheduler.agent(parentAgent(agentId) ?? "");
    const callId = this.#state(agentId).query.parentId;
    if (parent === undefined || callId === null) return;
    scheduler.forgetWaits(parent);
    parent.inFlight.mailbox.forgetChild(callId);
    await repls.drop(parent.agentId);
  }

  async #land(edit: Edit, entry: string | undefined): Promise<readonly string[]> {
    const { journal, settings, scheduler } = this.#parts;
    const checked = await this.#checked(edit);
    const landed: string[] = [];
    for (const { agentId, nodes } of editNodes(journal.graph, checked, settings.environment.now())) {
      const marked = await Promise.all(nodes.map((node) => this.#stored(node, entry)));
      await journal.append(agentId, marked);
      landed.push(...marked.map((node) => node.id));
    }
    const agent = scheduler.agent(edit.agentId);
    if (edit.kind === "config" && agent !== undefined) this.#useLimits(agent);
    if (edit.kind !== "result") return landed;
    const agents = journal.graph.children(edit.agentId);
    const reason = "a user gave its parent's result";
    return [...landed, ...(await this.#parts.cancels.cancel({ agents, reason, origin: "engine" }))];
  }

  #useLimits(agent: LiveAgent): void {
    const { journal, scheduler, clocks } = this.#parts;
    const above = scheduler.agent(parentAgent(agent.agentId) ?? "")?.budget ?? null;
    const shared = agent.budget;
    const limits = limitsOf(this.#state(agent.agentId).config);
    if (shared !== above) shared.setLimits(limits);
    else agent.budget = agentBudget(journal.graph, agent.agentId, above);
    // Those below that shared the pool of the parent share the new one from their next move on.
    if (agent.budget !== shared) this.#shareBelow(agent, shared);
    clocks.watch(agent.agentId);
  }

  #shareBelow(agent: LiveAgent, old: Budget): void {
    const { journal, scheduler } = this.#parts;
    const pending = [...journal.graph.children(agent.agentId)];
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      const below = scheduler.agent(next);
      if (below?.budget !== old) continue;
      below.budget = agent.budget;
      for (const child of journal.graph.children(next)) pending.push(child);
    }
  }

  /** The node as the log keeps it: a large result apart, the inbox entry named. */
  async #stored(node: ChainNode, entry: string | undefined): Promise<ChainNode> {
    const named = entry === undefined ? node : { ...node, entry };
    if (named.type !== "result") return deepFreeze(named);
    const { inline, blob } = await this.#parts.journal.pack(named.result);
    return deepFreeze({ ...named, result: inline, ...(blob !== undefined && { blobs: { result: blob } }) });
  }

  /** The edit as it can land. Throws `edit_refused` when the agent could do nothing with it. */
  async #checked(edit: Edit): Promise<Edit> {
    switch (edit.kind) {
      case "say":
      case "final":
      case "cancel":
        return edit;
      case "config":
        this.#checkPatch(edit.agentId, edit.config);
        return edit;
      case "code": {
        const { languages } = this.#parts.settings;
        const language = languages.get(this.#state(edit.agentId).query.config.runtime);
        const fault = language?.parses(edit.code) ?? null;
        if (fault !== null) throw refused(`This code does not parse: ${fault}`);
        return edit;
      }
      case "result": {
        const schema = this.#parts.schemas.of(this.#state(edit.agentId).query);
        const check = schema === null ? null : await schema.check(edit.result);
        if (check === null) return edit;
        if (!check.ok) throw refused(`The result does not fit the agent's output schema: ${check.message}`);
        return { ...edit, result: asJson(check.value, "The output schema") };
      }
    }
  }

  #checkPatch(agentId: string, patch: ConfigPatch): void {
    const { models } = this.#parts.settings;
    const { model, runtime, ...limits } = patch;
    const problems = [...configProblems(limits)];
    if (Object.keys(patch).length === 0) problems.push("it changes nothing");
    if (model !== undefined && !models.has(model))
      problems.push(`there is no model "${model}"; models are ${[...models.keys()].join(", ")}`);
    if (runtime !== undefined && runtime !== this.#state(agentId).config.runtime)
      problems.push("a REPL can't move to another runtime");
    const unpriced = [...models].filter(([, { price }]) => price === undefined);
    if (patch.maxCostUsd != null && unpriced.length > 0)
      problems.push(`maxCostUsd needs a price for ${unpriced.map(([key]) => `model "${key}"`).join(", ")}`);
    if (problems.length > 0) throw refused(`These limits can't be used: ${problems.join("; ")}.`);
  }

  #state(agentId: string): AgentState {
    const state = agentState(this.#parts.journal.graph, agentId);
    if (state === undefined) throw new RLMError("unknown_agent", `There is no agent ${agentId}.`);
    return state;
  }
}

function refused(message: string): RLMError {
  return new RLMError("edit_refused", message);
}
