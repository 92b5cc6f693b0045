import type { GenerateRequest } from "../../protocol/index.ts";
import type { Bundle } from "../onnx/bundle.ts";
import { conditioning } from "../stages/conditioning.ts";
import { decode } from "../stages/decode.ts";
import { denoise } from "../stages/denoise.ts";
import { encodeGuide } from "../stages/encode.ts";
import { finish } from "../stages/finish.ts";
import { makeGuide } from "../stages/guide.ts";
import { holdOutside, keepLatents, startLatents } from "../stages/latents.ts";
import { textFeatures } from "../stages/text-features.ts";
import { visualFeatures } from "../stages/visual-features.ts";
import { probeClip } from "../video/probe.ts";
import { assertUnchanged } from "../video/source.ts";
import { makePlan } from "./plan.ts";
import type { Context, FinishedTake, Kept } from "./types.ts";
import { windowsOf } from "./windows.ts";

/**
 * A clip and some words in, takes out. The encoders of picture and words run once, whatever the number of takes; each take
 * is handed over as soon as it is finished.
 * With `kept` only a part of a take is made anew.
 * @throws UserError for bad input; the typed cancel error within one step of an abort.
 */
export async function generate(
  request: GenerateRequest,
  bundle: Bundle,
  context: Context,
  deliver: (take: FinishedTake) => Promise<void>,
  kept: Kept | null = null,
): Promise<void> {
  const clip = request.video ? await probeClip(request.video, context.signal) : null;
  const plan = makePlan(request, clip, bundle.manifest);
  context.progress("plan", 1);
  const visual = await visualFeatures(plan, bundle, context);
  if (clip) await assertUnchanged(clip);
  const text = await textFeatures(request.prompt, bundle, context);
  for (const seed of plan.seeds) {
    const guide = await makeGuide(plan, visual, text, seed, bundle, context, kept);
    const known = await encodeGuide(guide, bundle, context);
    if (plan.guideStrength === 0) {
      const latents = kept ? keepLatents(plan, known, kept, bundle.manifest) : known;
      await deliver(finish(plan, { visual, guide, layers: guide.layers, latents, windows: 0, seed }, context, kept));
      continue;
    }
    const windows = windowsOf(plan, visual, guide, bundle.manifest);
    const guided = await conditioning(plan, visual, text, guide, bundle, context);
    const start = startLatents(plan, guide, known, seed, bundle.manifest, context);
    const hold = kept && holdOutside(plan, kept, seed, bundle.manifest);
    const latents = await denoise(plan, windows, guided, start, known, bundle, context, hold);
    const layers = await decode(plan, guide, latents, bundle, context);
    await deliver(finish(plan, { visual, guide, layers, latents, windows: windows.length, seed }, context, kept));
  }
}
