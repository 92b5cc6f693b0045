import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { foley } from "../support/cli.ts";

interface Row {
  readonly network: string;
  readonly name: string;
  readonly error: number | null;
  readonly result: string;
}

const OURS = join(import.meta.dirname, "published");
const SHARED = resolve(import.meta.dirname, "../../../shared/goldens");

async function verified(dir: string): Promise<Row[]> {
  const { code, stdout, stderr } = await foley(["models", "verify", dir, "--json"]);
  expect(stderr).toBe("");
  const { rows } = JSON.parse(stdout) as { rows: Row[] };
  expect(rows.filter(({ result }) => result === "FAIL")).toEqual([]);
  expect(code).toBe(0);
  return rows;
}

const networks = (rows: readonly Row[]): Set<string> => new Set(rows.map(({ network }) => network));
const EVERY = ["denoiser", "decoder", "encoder", "semantic", "sync", "tokenizer", "text"];
const WHOLE = ["schedule", "pipeline", "frames", "pixels", "from clip"];

test("every network, the pipeline and a clip equal the public code's numbers", { timeout: 300_000 }, async () => {
  const rows = await verified(OURS);
  expect(networks(rows.filter(({ result }) => result === "pass"))).toEqual(new Set([...EVERY, ...WHOLE]));
  expect(rows.filter(({ result }) => result === "skip").map(({ name }) => name)).toEqual(["walk-wood-floor.mp4 audio"]);
  // Fewer bits cost something, and not much.
  const least = { fp16: 1e-6, q8: 1e-4, int8: 1e-4 };
  const most = { fp16: 2e-3, q8: 3e-2, int8: 5e-2 };
  for (const dtype of ["fp16", "q8", "int8"] as const) {
    const errors = rows.filter(({ name }) => name.endsWith(` ${dtype}`)).map(({ error }) => error!);
    expect(errors).toHaveLength(4);
    expect(Math.min(...errors)).toBeGreaterThan(least[dtype]);
    expect(Math.max(...errors)).toBeLessThan(most[dtype]);
  }
});

test.skipIf(!existsSync(SHARED))(
  `the larger set of goldens, where it lies beside the product (${existsSync(SHARED) ? "it does" : "it does not: skipped"})`,
  { timeout: 600_000 },
  async () => {
    expect(networks(await verified(SHARED))).toEqual(new Set([...EVERY, ...WHOLE]));
  },
);

test("a clip that is nowhere is said and skipped, never passed; a folder without goldens is an error", {
  timeout: 300_000,
}, async () => {
  const { code, stdout } = await foley(["models", "verify", OURS, "--clips", import.meta.dirname]);
  expect(stdout).toMatch(/^video +walk-wood-floor\.mp4 .* skip the clip is not in .*--clips DIR$/m);
  expect(stdout).toMatch(/ pass, 0 FAIL, 1 skipped\n$/);
  expect(code).toBe(0);
  const nothing = await foley(["models", "verify", import.meta.dirname]);
  expect(nothing.stderr).toMatch(/^error not_found: expected goldens in .*dit-tiny/);
  expect(nothing.code).toBe(2);
});
