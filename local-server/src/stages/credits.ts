import type { Credit, SoundEvent } from "../../protocol/index.ts";
import type { Guide, Kept, Plan } from "../pipeline/types.ts";
import type { Bank } from "./bank.ts";
import type { Sounding, Voice } from "./perform.ts";

const SAMPLE_RATE_HZ = 48_000;
/** Licences that ask for no name. */
const ASKS_NOTHING = /^(CC0|CC-PD|Public-Domain)/i;

/**
 * The recordings that are heard in a take, by id, and whom to name for them: what sounds in the range, or in the part that is
 * made anew and in what stays around it. A guide strength of 1 ignores the performance. Both lists are in order of their text.
 */
export function heardIn(
  plan: Plan,
  soundings: readonly Sounding[],
  kept: Kept | null,
  bank?: Bank,
  replaced: ReadonlyMap<string, Voice> = new Map(),
): Pick<Guide, "recordings" | "credits"> {
  const start = kept?.fromSeconds ?? 0;
  const end = kept?.toSeconds ?? plan.seconds;
  const sounds = ({ from, to }: Sounding) => Math.max(from, start) < Math.min(to, end);
  const made = plan.guideStrength < 1 ? soundings.filter(sounds).map(({ recording }) => recording) : [];
  const stays = kept ? around(kept, plan, replaced) : [];
  const recordings = [...new Set([...made, ...stays])].sort();
  const origins = recordings.flatMap((id) => bank?.origins.get(id) ?? []);
  // A bank that was put in the place of the old take's may not know its recordings any more.
  const earlier = stays.every((id) => bank?.origins.has(id)) ? [] : (kept?.credits ?? []);
  const credits = new Map<string, Credit>();
  for (const credit of [...origins, ...earlier]) {
    const { author, source, licence } = credit;
    if (!ASKS_NOTHING.test(licence)) credits.set([author, source, licence].join("\n"), credit);
  }
  return { recordings, credits: [...credits.keys()].sort().map((key) => credits.get(key)!) };
}

/** Recordings of the old take that are heard outside the part: all but those of events that sound inside it alone. */
function around(kept: Kept, { sampleCount, seconds }: Plan, voices: ReadonlyMap<string, Voice>): string[] {
  if (kept.part.from === 0 && kept.part.to === sampleCount) return [];
  const reachesOut = ({ time, sound }: SoundEvent): boolean => {
    const recording = voices.get(sound ?? "")?.recording;
    if (!recording) return true;
    const from = time - recording.onset / SAMPLE_RATE_HZ;
    const to = from + recording.samples.length / SAMPLE_RATE_HZ;
    return Math.max(0, from) < kept.fromSeconds || Math.min(seconds, to) > kept.toSeconds;
  };
  const audible = ({ muted }: SoundEvent) => !muted;
  const heard = [...kept.events.filter(audible), ...kept.replaced.filter(audible).filter(reachesOut)];
  const stays = new Set(heard.map(({ sound }) => sound));
  const gone = new Set(kept.replaced.map(({ sound }) => sound).filter((sound) => !stays.has(sound)));
  return kept.recordings.filter((id) => !gone.has(id));
}
