import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Report } from "./report.ts";

/** A licence is found in a text that, normalised, contains each of the phrases. */
export interface LicenseRule {
  readonly license: string;
  readonly phrases: readonly string[];
}

interface PackageFacts {
  readonly name: string;
  readonly declared: string;
  /** The licences found in each of its texts. */
  readonly texts: readonly (readonly string[])[];
}

/** The report computed without any agent: the answer that the agents' has to equal. */
export async function plainCount(workspace: string, rules: readonly LicenseRule[]): Promise<Report> {
  const root = join(workspace, "packages");
  const packages: PackageFacts[] = [];
  for (const folder of await readdir(root)) packages.push(await readPackage(join(root, folder), rules));
  return {
    packages: packages.length,
    licenses: countByLicense(packages),
    withoutText: packages.filter(({ texts }) => texts.length === 0).map(({ name }) => name),
    otherText: packages.filter(shipsAnother).map(({ name, declared, texts }) => ({
      package: name,
      declared,
      shipped: [...new Set(texts.flat())],
    })),
    unrecognised: packages
      .filter(({ texts }) => texts.some((found) => found.length === 0))
      .map(({ name }) => name),
  };
}

async function readPackage(folder: string, rules: readonly LicenseRule[]): Promise<PackageFacts> {
  const manifest = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
  const files = (await readdir(folder)).filter((name) => name !== "package.json");
  const texts = await Promise.all(files.map((name) => readFile(join(folder, name), "utf8")));
  return {
    name: `${manifest.name}@${manifest.version}`,
    declared: declaredLicense(manifest),
    texts: texts.map((text) => licensesIn(text, rules)),
  };
}

function declaredLicense(manifest: { readonly license?: unknown; readonly licenses?: unknown }): string {
  const { license, licenses } = manifest;
  if (Array.isArray(licenses) && license === undefined) return licenses.map(licenseName).join(" OR ");
  return license === undefined ? "none" : licenseName(license);
}

/** Old manifests write `{ "type": "MIT", "url": … }` for `"MIT"`. */
function licenseName(license: unknown): string {
  if (typeof license === "object" && license !== null && "type" in license) return String(license.type);
  return String(license);
}

/** The licences whose phrases a text contains, each once. */
export function licensesIn(text: string, rules: readonly LicenseRule[]): readonly string[] {
  const words = (text.toLowerCase().match(/[a-z0-9]+/g) ?? []).join(" ");
  const found = new Set<string>();
  for (const { license, phrases } of rules)
    if (phrases.every((phrase) => words.includes(phrase))) found.add(license);
  return [...found];
}

function countByLicense(packages: readonly PackageFacts[]): Report["licenses"] {
  const groups = Map.groupBy(packages, ({ declared }) => declared);
  return [...groups].map(([license, members]) => ({ license, packages: members.length }));
}

function shipsAnother({ declared, texts }: PackageFacts): boolean {
  const named = new Set(declared.match(/[^\s()]+/g));
  return texts.flat().some((license) => !named.has(license));
}
