import { UserError } from "../errors.ts";
import type { Bundle } from "../onnx/bundle.ts";
import type { Feed } from "../onnx/session.ts";
import { type Tensor, tensor } from "../onnx/tensor.ts";
import { distinctSync, rotaryTable, stepTables } from "./positions.ts";

/** What steers a prepared denoiser in one window; all batches alike. */
export interface PictureAndWords {
  /** [B,W,·] */
  readonly text: Tensor;
  /** [B,T,·] */
  readonly semantic: Tensor;
  /** [B,S,·], S sync tokens in whole segments. */
  readonly sync: Tensor;
}

/** The same, worked out as far as it does not depend on the step. */
export type Conditioned = Readonly<Record<string, Feed>>;

/** A denoiser in three graphs (manifest: denoiser.prepared). */
export interface PreparedDenoiser extends AsyncDisposable {
  condition(given: PictureAndWords, latentLength: number): Promise<Conditioned>;
  /** latents [B,C,L] at a step of the schedule -> velocity [B,C,L] */
  velocity(conditioned: Conditioned, latents: Tensor, step: number): Promise<Tensor>;
}

/** Sync tokens of a segment that the denoiser tells apart. */
const PHASES = 8;

/**
 * Works out the modulation of all timesteps first and lets its weights go before the step's are loaded: they are a sixth of
 * the model.
 */
export async function openPrepared(bundle: Bundle, timesteps: readonly number[]): Promise<PreparedDenoiser> {
  const { prepared } = bundle.manifest.roles.denoiser;
  if (!prepared) {
    throw new UserError("broken_bundle", "a denoiser with prepared graphs", bundle.manifest.id, "import it again");
  }
  const { headWidth, theta } = prepared;
  const perStep = await modulations(bundle, timesteps);
  const conditions = await bundle.open("denoiser", "conditions");
  const step = await bundle.open("denoiser");
  return {
    async condition({ text, semantic, sync }, latentLength) {
      const { rows, phase, index } = distinctSync(sync, latentLength, PHASES);
      const words = rotaryTable(
        Array.from({ length: text.dims[1]! }, (_, i) => i),
        headWidth,
        theta,
      );
      const made = await conditions.run({
        text,
        semantic,
        sync_rows: rows,
        sync_phase: { data: phase, dims: [phase.length] },
        text_cos: words.cos,
        text_sin: words.sin,
      });
      return {
        ...made,
        sync_index: { data: index, dims: [text.dims[0]!, latentLength] },
        ...stepTables(latentLength, semantic.dims[1]!, headWidth, theta),
      };
    },
    async velocity(conditioned, latents, index) {
      const { velocity } = await step.run({ ...conditioned, ...perStep[index], latents });
      return velocity!;
    },
    async [Symbol.asyncDispose]() {
      await conditions[Symbol.asyncDispose]();
      await step[Symbol.asyncDispose]();
    },
  };
}

/** One record a timestep: `time` [1,H] and the adaptive norms [9H] of the two-stream blocks. */
async function modulations(bundle: Bundle, timesteps: readonly number[]): Promise<Record<string, Tensor>[]> {
  await using session = await bundle.open("denoiser", "modulation");
  const made = await session.run({ timestep: tensor(Float32Array.from(timesteps), [timesteps.length]) });
  return timesteps.map((_, i) =>
    Object.fromEntries(
      Object.entries(made).map(([name, { data, dims }]) => {
        const width = dims[1]!;
        return [name, tensor(data.slice(i * width, (i + 1) * width), name === "time" ? [1, width] : [width])];
      }),
    ),
  );
}
