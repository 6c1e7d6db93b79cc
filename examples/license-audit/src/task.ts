/** What the agents are asked. It fixes every notion the answer depends on, so that any model can be checked. */
export const task: string = `Audit the licences of the installed packages.

CONTEXT lists one folder a line. Each folder holds a package.json; every other file in it is a licence text that the package ships. Read the files with the tools.

- A package is called name@version, after its package.json.
- It declares what its package.json has under "license", as it is written there (the "type" of an object); without it, the types of the list "licenses" joined with " OR "; "none" when there is neither.
- LICENSE_RULES, a variable in every agent's REPL, is a list of {license, phrases}. A text holds a licence when it contains every phrase of one of that licence's rules, after the text is made lower case and each run of characters other than a-z and 0-9 is replaced by one space.
- A text of another licence is one that holds a licence whose name is not a word of the declaration (words are separated by spaces and parentheses).

Answer with
- packages: how many there are;
- licenses: for every declaration, as written, how many packages have it;
- withoutText: the packages that ship no licence text;
- otherText: the packages that ship the text of another licence, with their declaration and every licence found in their texts, each once;
- unrecognised: the packages with a text in which no rule finds a licence.

There are a few hundred packages: give batches of them to sub-agents that work in parallel. Have texts of more than 4,000 characters, and those that don't hold exactly the licence that is declared, read by a sub-agent of their own.`;
