import type { UsageTotal } from "@rlmflow/core";
import { formatCost } from "../text/quantities.ts";

/** What of a total says what it cost. */
export type CostTotal = Pick<UsageTotal, "costMicroUsd" | "requests" | "unknownCost">;

/** True when no request of the total has a known cost. */
export function isCostUnknown({ requests, unknownCost }: CostTotal): boolean {
  return requests > 0 && unknownCost >= requests;
}

/** A sum in dollars: `$0.71`, `$0.71+` when the cost of some requests is unknown, `?` when that of all is. */
export function costText(total: CostTotal): string {
  if (isCostUnknown(total)) return "?";
  return `${formatCost(total.costMicroUsd)}${total.unknownCost > 0 ? "+" : ""}`;
}
