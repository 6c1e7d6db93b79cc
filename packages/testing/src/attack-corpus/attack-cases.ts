import type { AttackCase } from "./attack-case.ts";
import { constructorCases } from "./constructor-cases.ts";
import { determinismCases } from "./determinism-cases.ts";
import { errorCases } from "./error-cases.ts";
import { memoryCases } from "./memory-cases.ts";
import { protocolCases } from "./protocol-cases.ts";
import { syntaxCases } from "./syntax-cases.ts";
import { tamperingCases } from "./tampering-cases.ts";
import { timeCases } from "./time-cases.ts";

/** Every way out of a sandbox, or of its limits, that we know of. */
export const attackCases: readonly AttackCase[] = [
  ...constructorCases,
  ...errorCases,
  ...tamperingCases,
  ...syntaxCases,
  ...protocolCases,
  ...determinismCases,
  ...timeCases,
  ...memoryCases,
];
