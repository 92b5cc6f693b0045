import type { Look } from "../../protocol/index.ts";
import type { Bundle } from "../onnx/bundle.ts";
import type { Context, Plan, TextFeatures, VisualFeatures } from "../pipeline/types.ts";
import { openBundleBank } from "./bank.ts";
import { best, scoreByPicture, weighByEvents, withGroups } from "./choose-sounds.ts";
import { likelyEvents } from "./events.ts";
import { readWords } from "./words.ts";

const MOST_SUGGESTIONS = 8;
/** A suggestion is shown down to this share of the best one's score. */
const LEAST_SHARE = 0.1;

/** Classes of the bundle's bank that fit, best first: by the words where there are any, else by what the picture shows. */
export async function suggest(
  plan: Plan,
  visual: VisualFeatures,
  text: TextFeatures | null,
  bundle: Bundle,
  context: Context,
): Promise<Look> {
  const events = visual.events.filter(({ time }) => time >= 0 && time < plan.seconds);
  const seen = { events, cuts: [...visual.cuts] };
  const role = bundle.manifest.roles.bank;
  if (!role) return { fits: false, suggestions: [], ...seen };
  const bank = await openBundleBank(bundle, context.signal);
  const shown = visual.semantic && bank.picture ? scoreByPicture(visual.semantic, bank.picture) : null;
  const byPicture = shown && weighByEvents(withGroups(shown, bank), bank, events, plan.seconds);
  const prompt = plan.request.prompt.trim();
  const wanted = prompt === "" ? [] : await readWords(prompt, text, bank, bank, shown, bundle, context);
  const scores =
    wanted.length > 0 ? bank.classes.map((_, i) => Math.max(...wanted.map((one) => one.scores[i]!))) : byPicture;
  if (!scores) return { fits: false, suggestions: [], ...seen };
  const { index: first, score: top } = best(Float32Array.from(scores));
  const { mode: firstMode, action } = bank.classes[first]!;
  // One-shots need something that hits; steps are soft to see.
  const sounds = firstMode === "bed" || action === "step" || likelyEvents(events).length > 0;
  const [lexicon] = bank.lexicons.filter(({ language }) => language === "zh");
  const suggestions = Array.from(scores, (score, index) => ({ score, index }))
    .filter(({ score }) => score > 0 && score >= LEAST_SHARE * top)
    .sort((a, b) => b.score - a.score || a.index - b.index)
    .slice(0, MOST_SUGGESTIONS)
    .map(({ score, index }) => {
      const { id, name, mode } = bank.classes[index]!;
      return {
        class: id,
        label: name,
        labelZh: lexicon?.classes[id]?.name ?? null,
        mode,
        score: Math.round(1000 * Math.min(1, score)) / 1000,
      };
    });
  return { fits: wanted.length > 0 || (top >= role.rejectBelow && sounds), suggestions, ...seen };
}
