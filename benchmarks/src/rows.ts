import type { Row } from "./row.ts";
import { engineTime } from "./rows/engine-time.ts";

/** Every row, in the order of the table. */
export const rows: readonly Row[] = [engineTime];
