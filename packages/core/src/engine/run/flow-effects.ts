import { RLMError } from "../../errors.ts";
import type { Effects } from "../agent/agent-port.ts";
import type { Budget } from "../resources/budget.ts";
import type { FlowSettings } from "../resources/settings.ts";

/** Effects made in this process: by the flow's clients and tools, within its caps on requests in flight and the budget. */
export function flowEffects(
  { providers, requests, arrival }: Pick<FlowSettings, "arrival" | "providers" | "requests">,
  budget: Budget,
): Effects {
  const providerOf = (model: string) => {
    const provider = providers.get(model);
    if (provider === undefined) throw new RLMError("unknown_model", `There is no model "${model}".`);
    return provider;
  };
  return {
    enter: async (model, signal) => {
      const leaveProvider = await providerOf(model).gate.acquire(signal, arrival);
      try {
        const leaveFlow = await requests.acquire(signal, arrival);
        return () => {
          leaveFlow();
          leaveProvider();
        };
      } catch (error) {
        leaveProvider();
        throw error;
      }
    },
    reserve: (amount, signal) => budget.reserve(amount, signal),
    send: async (model, messages, options) => await providerOf(model).ask(messages, options),
    call: async (tool, input, context) => await tool.run(input, context),
  };
}
