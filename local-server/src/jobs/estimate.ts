import { STAGES, type Stage } from "../../protocol/index.ts";
import type { JobResult } from "../engine/messages.ts";
import type { Facts } from "./read.ts";

type Part = keyof JobResult["timings"];

/** What a job goes through, in order: the bundle is loaded first, the files are written last. */
const PARTS: readonly Part[] = ["model", ...STAGES, "files"];
/** Done anew for every take. */
const PER_TAKE = new Set<Part>(["guide", "conditioning", "latents", "denoise", "decode", "finish", "files"]);
/** Cost the same whatever the length. */
const CONSTANT = new Set<Part>(["model", "plan", "text features"]);

/** How much of a stage one job has to do: its rate, in seconds, is for one of these. */
function amountOf(part: Part, { seconds, steps }: Facts, takes: number): number {
  const each = PER_TAKE.has(part) ? takes : 1;
  if (CONSTANT.has(part)) return each;
  return each * seconds * (part === "denoise" ? steps : 1);
}

/** Measured times of a finished job -> seconds by stage for one second of one take (and one step of denoising). */
export function ratesOf(timings: JobResult["timings"], facts: Facts, takes: number): Map<string, number> {
  const rates = Object.entries(timings).map(([part, spent]) => {
    const amount = amountOf(part as Part, facts, takes);
    return [part, amount > 0 ? spent / amount : 0] as const;
  });
  return new Map(rates);
}

/** Follows one run of a job and tells its time left: from this run's own pace where it shows, else from earlier ones'. */
export function createEstimate(rates: ReadonlyMap<string, number>, facts: Facts, takes: number) {
  let stage: Stage = "plan";
  let since_ms: number | null = null;
  let last_ms = 0;
  let takesLeft = takes;
  const expected = (part: Part, takes: number) => (rates.get(part) ?? 0) * amountOf(part, facts, takes);

  return {
    takeDone(): void {
      takesLeft = Math.max(1, takesLeft - 1);
    },
    /** A report of the engine: so much of the stage is done. Returns the seconds left, null where no such job was measured yet. */
    report(now: Stage, fraction: number, at_ms: number): number | null {
      if (now !== stage || since_ms === null) {
        // A stage begins where the one before it was heard last.
        since_ms = since_ms === null ? at_ms : last_ms;
        stage = now;
      }
      last_ms = at_ms;
      if (rates.size === 0) return null;
      const spent = (at_ms - since_ms) / 1000;
      // The whole stage as it shows now: the further it is, the less the usual pace counts.
      const stageSeconds = spent + (1 - fraction) * expected(now, 1);
      const rest = (1 - fraction) * stageSeconds;
      const place = PARTS.indexOf(now);
      const thisTake = PARTS.slice(place + 1).reduce((sum, part) => sum + expected(part, 1), rest);
      return PARTS.reduce((sum, part) => sum + (PER_TAKE.has(part) ? expected(part, takesLeft - 1) : 0), thisTake);
    },
  };
}
