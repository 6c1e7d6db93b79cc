/** The name of a kernel's language as people write it. */
export function languageName(language: string): string {
  const [first = "", ...rest] = language;
  return language === "javascript" ? "JavaScript" : first.toUpperCase() + rest.join("");
}
