import { ROOT } from "../../../data/ids.ts";
import { endsAgent } from "../../../data/node.ts";
import { RLMError } from "../../../errors.ts";
import { type NewQuery, queryDraft } from "../../agent/query-draft.ts";
import type { FlowSettings } from "../../resources/settings.ts";
import type { Journal } from "../../store/journal.ts";

/**
 * The queries of a run's root.
 *
 * Owns: the line of callers that give the root a query. Of two at once, the second is told that the root is at work.
 */
export class RootQueries {
  readonly #settings: FlowSettings;
  readonly #journal: Journal;
  #line: Promise<void> = Promise.resolve();

  constructor(settings: FlowSettings, journal: Journal) {
    this.#settings = settings;
    this.#journal = journal;
  }

  /** Appends the root's next query. Rejects with `edit_refused` while it is at work. */
  async assign(query: () => Promise<NewQuery>): Promise<void> {
    const assigned = this.#line.then(async () => {
      const head = this.#journal.graph.head(ROOT);
      if (head !== undefined && !endsAgent(head))
        throw new RLMError(
          "edit_refused",
          "The root is at work: wait for its answer, or say something to it.",
        );
      const draft = await queryDraft(this.#settings, this.#journal.payloads, await query());
      await this.#journal.appendChain(ROOT, [draft]);
    });
    this.#line = assigned.catch(() => {});
    await assigned;
  }
}
