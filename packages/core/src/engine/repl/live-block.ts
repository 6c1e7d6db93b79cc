import type { Graph } from "../../data/graph/graph.ts";
import { chainPlace } from "../../data/ids.ts";
import type { JsonValue } from "../../data/json.ts";
import type { ActionNode, BlockRecord, ChainNode, Cut, SupervisingNode } from "../../data/node.ts";
import { RLMError } from "../../errors.ts";
import { brokenInvariant } from "../../invariant.ts";
import type { Activation, ActivationState, Answer, Call, ReplSession } from "../../protocols/runtime.ts";
import { WaitTable } from "./wait-table.ts";

type LostState = Extract<ActivationState, { kind: "lost" }>;

/** What names a limit, or its unit. */
const WORD = /^[A-Za-z]\w{0,39}$/;

/**
 * One block while its code runs or is suspended, in a REPL that is alive.
 *
 * Owns: the calls that the code has issued, and which of them were answered. Does not own: the session, or the effects
 * themselves.
 * 1. `issued[i].index === i`, and each call is answered at most once.
 * 2. One answer is delivered at a time: the next follows when the activation that it brought is absorbed.
 * 3. `output` and `codeMs` begin after the block's newest node.
 */
export class LiveBlock {
  readonly action: ActionNode;
  readonly session: ReplSession;
  readonly issued: Call[] = [];
  /** Indices of effects in flight. They outlive the session when the sandbox is lost and rebuilt. */
  readonly running: Set<number>;
  readonly waits: WaitTable = new WaitTable();
  /** Indices the host can answer at once, in order. */
  readonly immediate: number[] = [];
  /** Calls below this index were begun. */
  begun = 0;
  /** The `done` whose verdict is open, or was accepted. */
  doneIndex: number | null = null;
  accepted: { readonly value: JsonValue } | null = null;
  /** Children that it has delegated to. */
  children = 0;
  /** Those of them whose delegation is not in the log yet. */
  readonly promised: Set<string> = new Set();
  state: ActivationState = { kind: "idle" };
  /** The end of the main code; the state of later activations may only repeat it. */
  ended: Extract<ActivationState, { kind: "ended" | "threw" }> | null = null;
  readonly #settled = new Set<number>();
  #isDelivering = false;
  #named: Set<number> | null = null;
  #output: string[] = [];
  #cut: Cut | null = null;
  #codeMs = 0;
  #startedAt: number;

  constructor(action: ActionNode, session: ReplSession, startedAt: number, running: Set<number> = new Set()) {
    this.action = action;
    this.session = session;
    this.running = running;
    this.#startedAt = startedAt;
  }

  /** Indices that were answered. */
  get settled(): ReadonlySet<number> {
    return this.#settled;
  }

  /** Notes that the call is answered, whether or not the code hears of it. */
  settle(index: number): void {
    if (index >= this.issued.length) throw brokenInvariant("only a call that was issued is answered");
    if (this.#settled.has(index)) throw brokenInvariant("a call is answered once");
    this.#settled.add(index);
  }

  /** Gives the code an answer and takes in the activation that follows. */
  async deliver(answer: Answer): Promise<Activation> {
    if (this.#isDelivering) throw brokenInvariant("a block is given one answer at a time");
    this.settle(answer.index);
    this.#isDelivering = true;
    try {
      const activation = await this.session.deliver(answer);
      this.absorb(activation);
      return activation;
    } finally {
      this.#isDelivering = false;
    }
  }

  /** Takes in what an activation brought. Throws `protocol_violation` when its calls are out of order. */
  absorb(activation: Activation): void {
    for (const call of activation.calls) {
      if (call.index !== this.issued.length) {
        throw new RLMError(
          "protocol_violation",
          `The runtime reported call ${call.index} of block ${this.action.id} where ${this.issued.length} comes next.`,
        );
      }
      this.issued.push(call);
    }
    if (activation.output !== "") this.#output.push(activation.output);
    if (activation.outputCut !== undefined) this.#cut = activation.outputCut;
    this.#codeMs += isAmount(activation.codeMs) ? activation.codeMs : 0;
    this.state = activation.state.kind === "lost" ? soundLoss(activation.state) : activation.state;
    if (activation.state.kind === "ended" || activation.state.kind === "threw") this.ended = activation.state;
  }

  /** The waits that nodes of this block have named; read off the log once, to be kept up by whoever names more. */
  namedWaits(graph: Graph): Set<number> {
    const read = () =>
      suspensions(graph, this.action).flatMap(({ waits }) => waits.map(({ index }) => index));
    this.#named ??= new Set(read());
    return this.#named;
  }

  /** When this part of the block began: epoch milliseconds. */
  get startedAt(): number {
    return this.#startedAt;
  }

  get output(): string {
    const echo = this.ended?.kind === "ended" && this.ended.echo !== null ? [this.ended.echo] : [];
    return [...this.#output, ...echo].join("");
  }

  /** Begins to count anew: a node holds what was so far. */
  reset(startedAt: number): void {
    this.#output = [];
    this.#cut = null;
    this.#codeMs = 0;
    this.#startedAt = startedAt;
  }

  /** What the block's next node says about it. */
  record(shown: number): BlockRecord {
    return {
      output: this.output,
      shown,
      ...(this.#cut !== null && { cut: this.#cut }),
      variables: this.ended?.variables ?? [],
      reads: this.ended?.reads ?? [],
      startedAt: this.#startedAt,
      codeMs: Math.round(this.#codeMs),
    };
  }
}

/** A runtime may pass on what code forged: a limit that no node could hold, or whose words are a text, is none. */
function soundLoss(lost: LostState): LostState {
  const { limit, ...rest } = lost;
  const isSound =
    limit !== undefined && WORD.test(limit.name) && WORD.test(limit.unit) && isAmount(limit.value);
  return isSound ? lost : rest;
}

function isAmount(value: number): boolean {
  return Number.isFinite(value) && value >= 0;
}

/** The nodes that say that this action's block was suspended, oldest first. */
export function suspensions(graph: Graph, action: ActionNode): readonly SupervisingNode[] {
  const found: SupervisingNode[] = [];
  for (let place = chainPlace(action.id) + 1; ; place++) {
    const node = graph.chainAt(action.agentId, place);
    if (node === undefined || node.type === "action" || node.type === "query") return found;
    if (node.type === "supervising") found.push(node);
  }
}

/** A node that ended a block or suspended it. */
export type BlockEnd = ChainNode & { readonly block: BlockRecord };

/** The node with which this action's block ended; `null` where it was stopped in the middle. */
export function blockEnd(graph: Graph, action: ActionNode): BlockEnd | null {
  let end: BlockEnd | null = null;
  for (let place = chainPlace(action.id) + 1; ; place++) {
    const node = graph.chainAt(action.agentId, place);
    if (node === undefined || node.type === "action" || node.type === "query") break;
    if (hasBlock(node)) end = node;
  }
  // What an agent did after its newest suspension is nowhere when it was stopped in the middle of the block.
  return end?.type === "supervising" ? null : end;
}

function hasBlock(node: ChainNode): node is BlockEnd {
  return "block" in node && node.block !== undefined;
}
