import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, test } from "vitest";
import { saveInline } from "../../../local-server/src/graph/graph.ts";
import { buildMiniDecoder, buildMiniEncoder } from "../../../local-server/src/networks/mini-codec.ts";
import { buildMiniDenoiser } from "../../../local-server/src/networks/mini-dit.ts";
import { buildMiniSync } from "../../../local-server/src/networks/mini-sync.ts";
import { openSession } from "../../../local-server/src/onnx/session.ts";
import { tensor } from "../../../local-server/src/onnx/tensor.ts";
import { openSafetensors } from "../../../local-server/src/weights/safetensors.ts";
import { weightsOf } from "../../support/onnx-weights.ts";

process.env.ORT_DISABLE_TELEMETRY = "1";

const root = resolve(import.meta.dirname, "../../..");
const shipped = (role: string) => resolve(root, `models/foley-mini/${role}.onnx`);

test.each([
  { role: "encoder", build: buildMiniEncoder },
  { role: "decoder", build: buildMiniDecoder },
  { role: "denoiser", build: buildMiniDenoiser },
  { role: "sync", build: buildMiniSync },
])("the shipped $role is what the builder writes of its own weights", async ({ role, build }) => {
  const bytes = await saveInline(build(weightsOf(shipped(role))));
  expect(Buffer.from(bytes).equals(readFileSync(shipped(role)))).toBe(true);
});

/** The formula of models/foley-mini/training/graph_goldens.py. */
function wave(i: number, dims: readonly number[], size = 1) {
  const count = dims.reduce((a, b) => a * b);
  return tensor(
    Float32Array.from({ length: count }, (_, k) => size * Math.sin(0.37 * k + i)),
    dims,
  );
}
/** Without its second scene. */
const halved = (x: ReturnType<typeof wave>) => tensor(x.data.fill(0, x.data.length / 2), x.dims);

const INPUTS = {
  encoder: { audio: wave(0, [1, 1, 2880], 0.05) },
  decoder: { latents: wave(0, [1, 64, 4]) },
  denoiser: {
    latents: wave(0, [2, 64, 5]),
    timestep: tensor(Float32Array.of(0.9, 0.4), [2]),
    text: halved(wave(2, [2, 3, 384])),
    sync: wave(3, [2, 5, 2]),
    guide: halved(wave(4, [2, 64, 5])),
  },
  semantic: { pixels: wave(0, [1, 3, 224, 224]) },
};

// Semantic: 16-bit weights against the package's own 32.
test.each([
  { role: "encoder", most: 2e-5 },
  { role: "decoder", most: 2e-5 },
  { role: "denoiser", most: 2e-5 },
  { role: "semantic", most: 1e-2 },
] as const)("$role says what torch says", async ({ role, most }) => {
  await using goldens = await openSafetensors(resolve(root, "test/fixtures/mini-goldens.safetensors"));
  const wanted = await goldens.floats(role);
  await using session = await openSession([{ provider: "cpu", graph: shipped(role) }], 1);
  const [made] = Object.values(await session.run(INPUTS[role]));
  expect(made!.data).toHaveLength(wanted.length);
  let [apart, largest] = [0, 0];
  for (let i = 0; i < wanted.length; i++) {
    apart = Math.max(apart, Math.abs(made!.data[i]! - wanted[i]!));
    largest = Math.max(largest, Math.abs(wanted[i]!));
  }
  expect(apart / largest).toBeLessThan(most);
});
