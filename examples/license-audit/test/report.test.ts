import { describe, expect, it } from "vitest";
import { type Report, reportDifferences } from "../src/report.ts";

const report: Report = {
  packages: 3,
  licenses: [
    { license: "MIT", packages: 2 },
    { license: "ISC", packages: 1 },
  ],
  withoutText: ["a@1.0.0", "b@1.0.0"],
  otherText: [{ package: "c@1.0.0", declared: "ISC", shipped: ["ISC", "MIT"] }],
  unrecognised: [],
};

describe("reportDifferences", () => {
  it("is empty for equal reports in another order", () => {
    const reordered: Report = {
      ...report,
      licenses: report.licenses.toReversed(),
      withoutText: report.withoutText.toReversed(),
      otherText: [{ package: "c@1.0.0", declared: "ISC", shipped: ["MIT", "ISC"] }],
    };
    expect(reportDifferences(report, reordered)).toEqual([]);
  });

  it("shows what is missing and what was made up", () => {
    const wrong: Report = { ...report, withoutText: ["a@1.0.0", "d@1.0.0"], packages: 4 };
    expect(reportDifferences(report, wrong)).toEqual([
      "- packages: 3",
      "- no licence text: b@1.0.0",
      "+ packages: 4",
      "+ no licence text: d@1.0.0",
    ]);
  });

  it("notices what is reported twice", () => {
    const twice: Report = { ...report, withoutText: [...report.withoutText, "a@1.0.0"] };
    expect(reportDifferences(report, twice)).toEqual(["+ no licence text: a@1.0.0"]);
  });
});
