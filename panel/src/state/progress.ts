import { STAGES } from "local-server/protocol";

/** `0:07`, `2:30`. */
export const timeLeft = (seconds: number): string =>
  `${Math.floor(seconds / 60)}:${String(Math.ceil(seconds % 60) % 60).padStart(2, "0")}`;

/** How far a job is, 0..1, from its stage and the fraction of it: stages count by what they mostly cost. */
export function jobFraction(stage: (typeof STAGES)[number], fraction: number): number {
  const done = STAGES.slice(0, STAGES.indexOf(stage)).reduce((sum, name) => sum + WEIGHTS[name], 0);
  return Math.max(0, Math.min(1, done + WEIGHTS[stage] * fraction));
}

const WEIGHTS: Record<(typeof STAGES)[number], number> = {
  plan: 0.02,
  frames: 0.1,
  "visual features": 0.25,
  "text features": 0.03,
  guide: 0.1,
  conditioning: 0.02,
  latents: 0.03,
  denoise: 0.3,
  decode: 0.1,
  finish: 0.05,
};
