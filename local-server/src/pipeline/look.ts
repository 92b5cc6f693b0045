import type { GenerateRequest, Look } from "../../protocol/index.ts";
import type { Bundle } from "../onnx/bundle.ts";
import { suggest } from "../stages/suggest.ts";
import { textFeatures } from "../stages/text-features.ts";
import { visualFeatures } from "../stages/visual-features.ts";
import { probeClip } from "../video/probe.ts";
import { makePlan } from "./plan.ts";
import type { Context } from "./types.ts";

/**
 * What the clip (or the words) of a request would be sounded with, and what is seen to hit, without making any sound: the
 * first half of `generate`. A bundle without a bank has nothing to suggest.
 * @throws UserError for bad input; the typed cancel error
 */
export async function look(request: GenerateRequest, bundle: Bundle, context: Context): Promise<Look> {
  const clip = request.video ? await probeClip(request.video, context.signal) : null;
  const plan = makePlan(request, clip, bundle.manifest);
  context.progress("plan", 1);
  const visual = await visualFeatures(plan, bundle, context);
  const text = await textFeatures(request.prompt, bundle, context);
  return suggest(plan, visual, text, bundle, context);
}
