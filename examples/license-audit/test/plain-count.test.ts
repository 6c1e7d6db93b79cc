import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import rules from "../src/license-rules.json" with { type: "json" };
import { licensesIn, plainCount } from "../src/plain-count.ts";
import { describeReport } from "../src/report.ts";

const MIT = `Permission is hereby granted, free of charge, to any person obtaining
> a copy. The above copyright notice and this permission notice shall be included in all copies or
substantial portions of the Software.`;
const ISC = `Permission to use, copy, modify, and/or distribute this software for any purpose with or
without fee is hereby granted, provided that the notice appears.`;
const ZERO_BSD = `Permission to use, copy, modify, and/or distribute this software for any purpose with or
without fee is hereby granted. THE SOFTWARE IS PROVIDED "AS IS"`;

let workspace: string;

beforeEach(async () => {
  workspace = await mkdtemp(join(tmpdir(), "plain-count-"));
});

afterEach(() => rm(workspace, { recursive: true, force: true }));

async function addPackage(name: string, license: object, texts: Record<string, string> = {}): Promise<void> {
  const folder = join(workspace, "packages", name.replace("/", "+"));
  await mkdir(folder, { recursive: true });
  const [at, version] = [name.lastIndexOf("@"), name.slice(name.lastIndexOf("@") + 1)];
  const manifest = { name: name.slice(0, at), version, ...license };
  for (const [file, text] of Object.entries({ ...texts, "package.json": JSON.stringify(manifest) }))
    await writeFile(join(folder, file), text);
}

describe("plainCount", () => {
  it("counts declarations as they are written, in their old forms too", async () => {
    await addPackage("a@1.0.0", { license: "MIT" }, { LICENSE: MIT });
    await addPackage("@s/b@1.0.0", { license: { type: "MIT" } }, { LICENSE: MIT });
    await addPackage("c@1.0.0", { licenses: [{ type: "MIT" }, { type: "ISC" }] }, { LICENSE: MIT });
    await addPackage("d@1.0.0", {}, { COPYING: "All rights reserved." });
    expect(describeReport(await plainCount(workspace, rules))).toEqual([
      "packages: 4",
      "declares MIT OR ISC: 1",
      "declares MIT: 2",
      "declares none: 1",
      "unrecognised licence text: d@1.0.0",
    ]);
  });

  it("finds packages without a text and packages with another licence's", async () => {
    await addPackage("bare@1.0.0", { license: "MIT" });
    await addPackage("instead@1.0.0", { license: "MIT" }, { LICENSE: ISC });
    await addPackage("besides@1.0.0", { license: "MIT" }, { LICENSE: `${MIT}\n\n${ISC}`, "LICENSE-2": ISC });
    await addPackage(
      "@s/both@1.0.0",
      { license: "(ISC OR MIT)" },
      { "LICENSE-MIT": MIT, "LICENSE-ISC": ISC },
    );
    const { withoutText, otherText, unrecognised } = await plainCount(workspace, rules);
    expect(withoutText).toEqual(["bare@1.0.0"]);
    expect(otherText.toSorted((a, b) => a.package.localeCompare(b.package))).toEqual([
      { package: "besides@1.0.0", declared: "MIT", shipped: ["ISC", "MIT"] },
      { package: "instead@1.0.0", declared: "MIT", shipped: ["ISC"] },
    ]);
    expect(unrecognised).toEqual([]);
  });
});

describe("licensesIn", () => {
  it.each([
    ["MIT", MIT],
    ["ISC", ISC],
    ["0BSD", ZERO_BSD],
  ])("recognises %s through line breaks, case and punctuation", (license, text) => {
    expect(licensesIn(text, rules)).toEqual([license]);
  });

  it("recognises nothing in the mere name of a licence", () => {
    expect(licensesIn("Released under the MIT license, see the Apache License, Version 2.0.", rules)).toEqual(
      [],
    );
  });
});
