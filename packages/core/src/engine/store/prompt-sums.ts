/** The digest and size of a list of messages. */
export interface MessagesSum {
  /** The digest under the rule `chain`, see `MessageDigest`. */
  readonly digest: string;
  /** UTF-16 units of all contents. */
  readonly characters: number;
}

/** Sums of system prompts, each as a list of one message: thousands of agents share few of them. */
export type PromptSums = Map<string, MessagesSum>;
