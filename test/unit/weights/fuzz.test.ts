import { writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { UserError } from "../../../local-server/src/errors.ts";
import type { Checkpoint } from "../../../local-server/src/weights/checkpoint.ts";
import { openSafetensors } from "../../../local-server/src/weights/safetensors.ts";
import { openTorch } from "../../../local-server/src/weights/torch.ts";
import { safetensorsOf, torchEntries, zipOf } from "../../support/checkpoints.ts";
import { tempFolder } from "../../support/cli.ts";

/** Bytes changed, cut out, doubled: a reader gives tensors of the size it says, or an error of ours. Nothing else, ever. */

const tensor = (count: number, type: "F32" | "BF16" = "F32") => ({
  dims: [2, count / 2],
  data: Float32Array.from({ length: count }, (_, i) => i),
  type,
});
const TORCH = zipOf(
  torchEntries({ state_dict: { a: tensor(6), b: tensor(8, "BF16") }, metadata: { kwargs: { rates: [2, 3], x: 1.5 } } }),
);
const SAFETENSORS = safetensorsOf({ a: tensor(6), b: tensor(8, "BF16") }, { format: "pt" });

type Change =
  | { readonly kind: "set"; readonly at: number; readonly value: number }
  | { readonly kind: "cut"; readonly at: number; readonly length: number }
  | { readonly kind: "double"; readonly at: number; readonly length: number };

function mutated(bytes: Buffer, changes: readonly Change[]): Buffer {
  let out = Buffer.from(bytes);
  for (const change of changes) {
    const at = change.at % Math.max(1, out.length);
    if (change.kind === "set") out[at] = change.value;
    else if (change.kind === "cut") out = Buffer.concat([out.subarray(0, at), out.subarray(at + change.length)]);
    else out = Buffer.concat([out.subarray(0, at + change.length), out.subarray(at)]);
  }
  return out;
}

const place = fc.nat(4096);
const change = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("set" as const), at: place, value: fc.nat(255) }) },
  // The values that sizes and counts are made of.
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("set" as const), at: place, value: fc.constantFrom(0, 127, 128, 255) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("cut" as const), at: place, length: fc.integer({ min: 1, max: 64 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("double" as const), at: place, length: fc.integer({ min: 1, max: 64 }) }),
  },
);

async function readAll(open: (path: string) => Promise<Checkpoint>, path: string): Promise<void> {
  try {
    await using file = await open(path);
    for (const name of file.names()) {
      const values = await file.floats(name);
      expect(values.length).toBe(file.dims(name).reduce((a, b) => a * b, 1));
      expect(values.length).toBeLessThan(10_000);
    }
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    expect(error.code).toBe("bad_weights");
  }
}

test.each([
  ["torch", TORCH, openTorch],
  ["safetensors", SAFETENSORS, openSafetensors],
] as const)("mutated %s files", async (name, bytes, open) => {
  const path = join(tempFolder(), name);
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), async (changes) => {
      writeFileSync(path, mutated(bytes, changes));
      await readAll(open, path);
    }),
    { seed: 20_261_126, numRuns: 1000 },
  );
});

test("every single byte of a torch file, all its bits turned", async () => {
  const path = join(tempFolder(), "torch");
  for (let at = 0; at < TORCH.length; at++) {
    writeFileSync(path, mutated(TORCH, [{ kind: "set", at, value: TORCH[at]! ^ 255 }]));
    await readAll(openTorch, path);
  }
});
