import { join } from "node:path";
import { expect, test } from "vitest";
import { loadBundle } from "../../local-server/src/onnx/bundle.ts";
import { SAMPLE, tempFolder } from "../support/cli.ts";
import { takeHere } from "../support/take-here.ts";

/** Loudest sample of [from, to) seconds over both channels. */
const peakOf = (channels: readonly Float32Array[], from: number, to: number): number =>
  Math.max(
    ...channels.map((samples) =>
      samples.subarray(from * 48_000, to * 48_000).reduce((max, value) => Math.max(max, Math.abs(value)), 0),
    ),
  );

test("events of a take, moved, muted, levelled and added, are performed as given; the rest stays to the sample", async () => {
  const bundle = await loadBundle("foley-mini");
  const folder = tempFolder();
  const request = { video: SAMPLE, prompt: "footsteps on wood", channels: "mono", guideStrength: 0, truePeakDb: 0 };
  const first = (await takeHere(request, bundle, join(folder, "first"))).take;
  const again = (await takeHere({ ...request, events: first.events }, bundle, join(folder, "again"))).take;
  expect(again.events).toEqual(first.events);
  // The first take also holds the tails of events in the handles, which no list of its own names.
  const middle = (samples: Float32Array) => samples.slice(48_000, 96_000);
  expect(middle(again.waveform.channels[0]!)).toEqual(middle(first.waveform.channels[0]!));

  const lone = { time: 0.5, strength: 1, confidence: 1, x: 0, sound: first.events[0]!.sound };
  const given = [lone, { ...lone, time: 1.5, muted: true }, { ...lone, time: 2.5, gainDb: -20 }];
  const own = (await takeHere({ ...request, events: given }, bundle, join(folder, "own"))).take;
  const { channels } = own.waveform;
  expect(own.events.map(({ time }) => time)).toEqual([0.5, 1.5, 2.5]);
  const [loud, soft] = [peakOf(channels, 0.45, 0.7), peakOf(channels, 2.45, 2.7)];
  expect(20 * Math.log10(loud / soft)).toBeGreaterThan(14);
  expect(peakOf(channels, 1.45, 1.6)).toBeLessThan(0.2 * soft);
});
