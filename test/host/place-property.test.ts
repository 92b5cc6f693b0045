import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { dataOf, lay, pinOf, SAMPLE, scene, TIMEBASE, timelineOf, writeWav } from "../support/premiere/scene.ts";
import type { Quirks } from "../support/premiere/state.ts";

const FRAME = TIMEBASE["25"];
const SAMPLES_A_FRAME = FRAME / SAMPLE;

/** A track as pairs of gap and length in frames, with what else it may be. */
const lane = fc.record({
  clips: fc.array(fc.tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 1, max: 60 })), { maxLength: 5 }),
  locked: fc.boolean(),
  targeted: fc.boolean(),
  muted: fc.boolean(),
  channels: fc.constantFrom("standard" as const, "standard" as const, "mono" as const, "5.1" as const),
  name: fc.constantFrom("", "Foley", "Dialogue"),
});
const seldom = fc.constantFrom(false, false, false, true);
const quirks: fc.Arbitrary<Partial<Quirks>> = fc.record({
  targetingDecides: seldom,
  allReadTargeted: seldom,
  locked: fc.constantFrom("nothing" as const, "throws" as const),
  placesNothing: seldom,
  trackAppearsAfterCalls: fc.constantFrom(0, 0, 1, 3, -1),
  trackInsertedAtTop: seldom,
  hasQe: fc.constantFrom(true, true, true, false),
  qeNamesTracks: seldom,
  dualMono: seldom,
  mapping: fc.constantFrom("property" as const, "method" as const, "missing" as const),
  roundsUp: seldom,
});

test("placing never alters a clip that was there, whatever the timeline and whatever this Premiere does", async () => {
  let placed = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(lane, { minLength: 1, maxLength: 5 }),
      quirks,
      fc.array(fc.tuple(fc.integer({ min: 0, max: 150 }), fc.integer({ min: 1, max: 60 })), {
        minLength: 1,
        maxLength: 4,
      }),
      fc.constantFrom("auto" as const, "new" as const, 0, 1),
      async (lanes, given, takes, track) => {
        const at = scene(given);
        at.sequence.audio.length = 0;
        lanes.forEach(({ clips, ...fields }, index) => {
          at.sequence.audio.push({
            id: 200 + index,
            media: "Audio",
            clips: [],
            transitions: [],
            visibleFromCall: 0,
            ...fields,
          });
          let from = 0;
          for (const [gap, length] of clips) {
            lay(at, "Audio", index, [from + gap, from + gap + length]);
            from += gap + length;
          }
        });
        for (const [take, [start, length]] of takes.entries()) {
          const path = writeWav(join(at.folder, `take-${take}.wav`), length * SAMPLES_A_FRAME);
          at.engine.callUntilThere("importTake", { pin: pinOf(at), path });
          const before = timelineOf(at.sequence);
          const state = (): string => at.sequence.audio.map(({ locked, targeted }) => `${locked} ${targeted}`).join();
          const lanesBefore = at.sequence.audio.length;
          const stateBefore = state();
          const result = at.engine.callUntilThere("placeTake", {
            pin: pinOf(at),
            path,
            startTicks: String(start * FRAME),
            endTicks: String((start + length) * FRAME),
            track,
          });
          const after = timelineOf(at.sequence);
          expect(after).toEqual(expect.arrayContaining(before));
          expect(after).toHaveLength(before.length + (result.ok ? 1 : 0));
          if (at.sequence.audio.length === lanesBefore && !at.world.quirks.allReadTargeted)
            expect(state()).toBe(stateBefore);
          if (!result.ok) continue;
          placed++;
          const { trackIndex, startTicks, endTicks } = dataOf(result);
          expect([startTicks, endTicks]).toEqual([String(start * FRAME), String((start + length) * FRAME)]);
          const there = at.sequence.audio[trackIndex]!.clips.filter((clip) => clip.name === `take-${take}.wav`);
          expect(there.map((clip) => clip.start)).toEqual([start * FRAME]);
        }
      },
    ),
    { numRuns: 200 },
  );
  expect(placed).toBeGreaterThan(30);
});
