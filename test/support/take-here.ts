import { generateRequestSchema } from "../../local-server/protocol/index.ts";
import type { Bundle } from "../../local-server/src/onnx/bundle.ts";
import { generate } from "../../local-server/src/pipeline/generate.ts";
import type { FinishedTake } from "../../local-server/src/pipeline/types.ts";
import { fileTake } from "../../local-server/src/takes/file-take.ts";
import { muxTake } from "../../local-server/src/video/mux.ts";

/**
 * `foley generate VIDEO ... -o STEM.wav --mux STEM.mp4` in this process: for tests that make many takes or look inside.
 * Hands back the take, what the user would be told, and the files.
 */
export async function takeHere(
  raw: { readonly video: string; readonly [option: string]: unknown },
  bundle: Bundle,
  stem: string,
) {
  const { signal } = new AbortController();
  const notes: string[] = [];
  const onNote = (note: string) => notes.push(note);
  const takes: FinishedTake[] = [];
  const wav = `${stem}.wav`;
  const out = `${stem}.mp4`;
  await generate(
    generateRequestSchema.parse(raw),
    bundle,
    { signal, progress: () => {}, note: onNote },
    async (take) => {
      takes.push(take);
      const maker = { manifest: bundle.manifest, sha256: bundle.sha256, provider: bundle.provider, versions: {} };
      await fileTake(take, wav, maker, notes);
    },
  );
  const take = takes[0]!;
  const { clip, fromSeconds, sampleCount } = take.plan;
  await muxTake({ clip: clip!, wav, out, fromSeconds, seconds: sampleCount / 48_000, signal, onNote });
  return { take, notes, wav, mux: out };
}
