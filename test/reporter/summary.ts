import { writeFileSync } from "node:fs";
import type { Reporter, SerializedError, TestModule } from "vitest/node";

/** What a run came to. `broken` are faults outside any test: a file that does not load, an unhandled error. */
export interface Summary {
  passed: number;
  failed: number;
  broken: number;
  skipped: readonly { name: string; reason: string }[];
}

export function summarize(modules: readonly TestModule[], unhandled: readonly SerializedError[]): Summary {
  const tests = modules.flatMap((module) => [...module.children.allTests()].map((test) => ({ module, test })));
  const inState = (state: string) => tests.filter(({ test }) => test.result().state === state);
  const isBroken = (module: TestModule) =>
    [module, ...module.children.allSuites()].some((suite) => suite.errors().length > 0);
  return {
    passed: inState("passed").length,
    // A run that was cut short leaves tests pending: they did not pass.
    failed: inState("failed").length + inState("pending").length,
    broken: modules.filter(isBroken).length + unhandled.length,
    skipped: inState("skipped").map(({ module, test }) => {
      const result = test.result();
      const reason =
        ("note" in result && result.note) || (isBroken(module) ? "its set-up failed" : "marked so in the test");
      return { name: `${module.relativeModuleId} > ${test.fullName}`, reason };
    }),
  };
}

/** The end of `npm test`: each skipped test with its reason, then `N passed, N failed`, with `, N skipped` if any were. */
export function summaryText({ passed, failed, broken, skipped }: Summary): string {
  const reasons = skipped.map(({ name, reason }) => `skipped: ${name}: ${reason}`);
  const end = `${passed} passed, ${failed + broken} failed${skipped.length > 0 ? `, ${skipped.length} skipped` : ""}`;
  return [...reasons, ...(passed + failed + broken === 0 ? ["No test ran."] : []), end].join("\n");
}

/** Leaves the summary in the file that `npm test` prints last; vitest itself may still write after its reporters. */
export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    const path = process.env.FOLEY_TEST_SUMMARY;
    if (path) writeFileSync(path, summaryText(summarize(modules, unhandled)));
  }
}
