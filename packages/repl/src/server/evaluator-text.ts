/** The evaluator as text. The build puts it here, so that the server is one file. */
export const evaluatorText: string = "";
