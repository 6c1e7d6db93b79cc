import type { AnyNode, CallExpression, ExpressionStatement } from "acorn";
import { type Draft, wrap } from "./draft.ts";

/** Expressions that may give a promise, or a list of some, and are there for more than their value. */
const MAY_DROP: ReadonlySet<AnyNode["type"]> = new Set([
  "CallExpression",
  "ChainExpression",
  "NewExpression",
  "AwaitExpression",
  "LogicalExpression",
  "ConditionalExpression",
] as const);

/**
 * Watches promises that a statement does not keep, at any depth, so that a rejection becomes a warning. An engine may
 * tell only the first of those that nobody handles. The block's last value is handled elsewhere.
 */
export function watchStatement(draft: Draft, { expression, start }: ExpressionStatement): void {
  if (!MAY_DROP.has(expression.type) || start === draft.lastStart) return;
  const { start: from, end } = expression;
  wrap(draft, { start: from, end, open: `${draft.hidden.dropped}(`, close: ")" });
}

/** The same for what a callback of `forEach` gives: `rows.forEach(async (row) => …)` keeps none of the promises. */
export function watchCallback(draft: Draft, { callee, arguments: [callback] }: CallExpression): void {
  if (callee.type !== "MemberExpression" || callee.property.type !== "Identifier") return;
  if (callee.computed || callee.property.name !== "forEach" || callback === undefined) return;
  if (callback.type !== "ArrowFunctionExpression" && callback.type !== "FunctionExpression") return;
  const isPlain = !callback.async && !(callback.type === "ArrowFunctionExpression" && callback.expression);
  if (isPlain || callback.generator) return;
  const { start, end } = callback;
  wrap(draft, { start, end, open: `${draft.hidden.dropping}(`, close: ")" });
}
