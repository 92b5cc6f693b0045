import { UserError } from "../errors.ts";
import { openBundle } from "../onnx/bundle.ts";
import type { Feed, Session } from "../onnx/session.ts";
import { sizeOf, type Tensor, tensor } from "../onnx/tensor.ts";
import { createRandom } from "../random.ts";
import type { Networks } from "./networks.ts";

/**
 * Tries every graph of a new bundle once: it opens, its outputs are finite and of the shape that the roles say; the denoiser
 * makes one guided step of a second. The weights are mapped from their files, so that little memory is needed beside them.
 * @throws UserError broken_bundle, bad_weights
 */
export async function checkBundle(directory: string, id: string, { shapes }: Networks): Promise<void> {
  const bundle = await openBundle(directory, id);
  const { dit, clap, siglip, sync, dac } = shapes;
  const random = createRandom(1);
  const noise = (...dims: number[]) =>
    tensor(
      Float32Array.from({ length: sizeOf(dims) }, () => random.normal()),
      dims,
    );
  const ids = (...values: number[]): Feed => ({ data: BigInt64Array.from(values, BigInt), dims: [1, values.length] });
  const tried = async (session: Promise<Session>, feeds: Record<string, Feed>, output: string, dims: number[]) => {
    await using open = await session;
    const made = await open.run(feeds);
    assertSound(made[output], output, dims);
    return made;
  };
  const tokens = { input_ids: ids(0, 5, 2), attention_mask: ids(1, 1, 1) };
  await tried(bundle.open("text", null, true), tokens, "text", [1, 3, clap.width]);
  await tried(bundle.open("semantic", null, true), { pixels: noise(1, 3, siglip.size, siglip.size) }, "semantic", [
    1,
    siglip.width,
  ]);
  const frames = noise(1, 3, sync.steps * sync.framesPerStep, sync.size, sync.size);
  await tried(bundle.open("sync", null, true), { frames }, "tokens", [1, sync.steps, sync.width]);
  await tried(bundle.open("decoder", null, true), { latents: noise(1, dac.channels, 4) }, "audio", [1, 1, 4 * dac.hop]);
  await tried(bundle.open("encoder", null, true), { audio: noise(1, 1, 4 * dac.hop) }, "latents", [1, dac.channels, 4]);

  const modulation = await tried(
    bundle.open("denoiser", "modulation", true),
    { timestep: tensor(Float32Array.of(1000), [1]) },
    "time",
    [1, dit.hidden],
  );
  const half = dit.headWidth / 2;
  const [length, pictures, words] = [48, 8, 6];
  const table = (rows: number) => tensor(new Float32Array(rows * half).fill(0.5), [rows, half]);
  const conditions = await tried(
    bundle.open("denoiser", "conditions", true),
    {
      text: noise(2, words, dit.text),
      semantic: noise(2, pictures, dit.semantic),
      sync_rows: noise(8, dit.sync),
      sync_phase: { data: BigInt64Array.from([0, 1, 2, 3, 4, 5, 6, 7], BigInt), dims: [8] },
      text_cos: table(words),
      text_sin: table(words),
    },
    "visual",
    [2, pictures, dit.hidden],
  );
  const rows = Object.entries(modulation).map(([name, { data }]) => [
    name,
    name === "time" ? tensor(data, [1, dit.hidden]) : tensor(data, [data.length]),
  ]);
  const tables = { self: pictures + length, cross: pictures + length, audio: length };
  const feeds = {
    ...conditions,
    ...(Object.fromEntries(rows) as Record<string, Tensor>),
    ...Object.fromEntries(
      Object.entries(tables).flatMap(([name, count]) => [
        [`${name}_cos`, table(count)],
        [`${name}_sin`, table(count)],
      ]),
    ),
    sync_index: { data: BigInt64Array.from({ length: 2 * length }, (_, i) => BigInt(i % 8)), dims: [2, length] },
    latents: noise(2, dit.channels, length),
  };
  await tried(bundle.open("denoiser", null, true), feeds, "velocity", [2, dit.channels, length]);
}

function assertSound(made: Tensor | undefined, name: string, dims: readonly number[]): void {
  const todo = "the weights may be spoilt: compare their hashes with the card's and import again";
  if (made?.dims.join() !== dims.join()) {
    throw new UserError("bad_weights", `${name} of [${dims}]`, made ? `[${made.dims}]` : "nothing", todo);
  }
  if (!made.data.every(Number.isFinite)) throw new UserError("bad_weights", `finite ${name}`, "NaN or infinity", todo);
}
