/**
 * How many times longer than the limits say an entry may take that is on record as having ended. The machine that makes
 * it once more may be slower than the first one, or busy.
 */
export const REPLAY_PATIENCE = 5;
