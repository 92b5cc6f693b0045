import { expect, test } from "vitest";
import { creditLines } from "../../../local-server/protocol/index.ts";
import type { Kept, Plan } from "../../../local-server/src/pipeline/types.ts";
import type { Bank } from "../../../local-server/src/stages/bank.ts";
import { heardIn } from "../../../local-server/src/stages/credits.ts";
import type { Voice } from "../../../local-server/src/stages/perform.ts";

const origin = (author: string, licence: string) => ({ author, source: `${author}'s`, licence });
const bank = {
  origins: new Map([
    ["door/01", origin("Bo", "CC-BY-3.0")],
    ["door/02", origin("Bo", "CC-BY-3.0")],
    ["glass/01", origin("Al", "CC-BY-4.0")],
    ["rain/01", origin("Cy", "CC0")],
    ["rain/02", origin("Di", "Public-Domain")],
    ["wind/01", origin("Ed", "Artistic-2.0")],
  ]),
} as unknown as Bank;
const plan = (guideStrength = 0) => ({ guideStrength, seconds: 4, sampleCount: 192_000 }) as unknown as Plan;
const sounding = (recording: string, from: number, to: number) => ({ recording, from, to });
const everywhere = (recording: string) => sounding(recording, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY);

test("what sounds in the range is listed once, in order; whom a licence asks to name is named once", () => {
  const soundings = [
    everywhere("wind/01"),
    everywhere("rain/02"),
    sounding("door/02", 1, 2),
    sounding("door/01", 3, 5),
    sounding("door/01", 3.5, 4.5),
    everywhere("rain/01"),
  ];
  expect(heardIn(plan(), soundings, null, bank)).toEqual({
    recordings: ["door/01", "door/02", "rain/01", "rain/02", "wind/01"],
    credits: [origin("Bo", "CC-BY-3.0"), origin("Ed", "Artistic-2.0")],
  });
});

test("a tail from before the range is heard, what ends before it or begins after it is not", () => {
  const soundings = [sounding("door/01", -1, 0), sounding("glass/01", -0.5, 0.1), sounding("door/02", 4, 5)];
  expect(heardIn(plan(), soundings, null, bank).recordings).toEqual(["glass/01"]);
});

test("a guide strength of 1 starts from no recording", () => {
  expect(heardIn(plan(0.9), [everywhere("door/01")], null, bank).recordings).toEqual(["door/01"]);
  expect(heardIn(plan(1), [everywhere("door/01")], null, bank)).toEqual({ recordings: [], credits: [] });
});

const event = (time: number, sound: string) => ({ time, strength: 1, confidence: 1, x: 0, sound });
const kept: Kept = {
  fromSeconds: 1,
  toSeconds: 2,
  part: { from: 48_000, to: 96_000 },
  events: [event(0.5, "door/01"), { ...event(3, "glass/01"), muted: true }],
  replaced: [event(1.2, "door/02"), event(1.2, "glass/01")],
  recordings: ["door/01", "door/02", "glass/01", "rain/01"],
  credits: [origin("Al", "CC-BY-4.0"), origin("Bo", "CC-BY-3.0")],
  waveform: { channels: [], sampleRate: 48_000 },
  gainDb: 0,
  latents: null,
};
/** Both hit at once; the door is over within the part, the glass rings on for two seconds. */
const voices = new Map(
  [
    ["door/02", 0.5],
    ["glass/01", 2],
  ].map(([id, seconds]) => {
    const samples = new Float32Array(Number(seconds) * 48_000);
    const recording = { id: String(id), samples, onset: 0, loudnessDb: -6, weight: "medium" as const };
    return [recording.id, { recording, tail: "ring" } satisfies Voice] as const;
  }),
);

test("of a part made anew: what is new in it, what stays around it and what rings out of it", () => {
  const soundings = [sounding("wind/01", 1.5, 1.9), sounding("rain/02", 2.5, 3)];
  const { recordings, credits } = heardIn(plan(), soundings, kept, bank, voices);
  expect(recordings).toEqual(["door/01", "glass/01", "rain/01", "wind/01"]);
  expect(credits.map(({ author }) => author)).toEqual(["Al", "Bo", "Ed"]);
  const whole = { ...kept, fromSeconds: 0, toSeconds: 4, part: { from: 0, to: 192_000 }, events: [] };
  expect(heardIn(plan(), soundings, whole, bank, voices).recordings).toEqual(["rain/02", "wind/01"]);
});

test("authors of recordings that the bank has no more stay named", () => {
  const other = { origins: new Map([["door/01", origin("Bo", "CC-BY-3.0")]]) } as unknown as Bank;
  expect(heardIn(plan(), [], kept, other, voices).credits).toEqual(kept.credits);
});

test("credits in words, a line for each author and licence", () => {
  const credits = [
    origin("Bo", "CC-BY-3.0"),
    origin("Bo", "CC-BY-SA-4.0"),
    origin("Ed", "Artistic-2.0"),
    { ...origin("Bo", "CC-BY-3.0"), source: "a door" },
    { ...origin("Cy", "CC-BY-4.0"), source: "House: doors/1.wav" },
    { ...origin("Cy", "CC-BY-4.0"), source: "Yard: gate.wav" },
    { ...origin("Cy", "CC-BY-4.0"), source: "House: doors/2: slow.wav" },
  ];
  expect(creditLines(credits)).toEqual([
    `Bo, "Bo's", "a door" (CC BY 3.0)`,
    `Bo, "Bo's" (CC BY-SA 4.0)`,
    `Ed, "Ed's" (Artistic-2.0)`,
    `Cy, "House: doors/1.wav, doors/2: slow.wav", "Yard: gate.wav" (CC BY 4.0)`,
  ]);
  expect(creditLines([])).toEqual([]);
});
