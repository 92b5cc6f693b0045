import { expect, test } from "vitest";
import { ROOMS, reverberate } from "../../../local-server/src/audio/room.ts";
import { createRandom } from "../../../local-server/src/random.ts";

const RATE = 48_000;
const click = (): Float32Array => {
  const sound = new Float32Array(RATE);
  sound[1000] = 1;
  return sound;
};
const power = (a: Float32Array, b = a) => a.reduce((sum, value, n) => sum + value * b[n]!, 0);
const decibel = (ratio: number) => 10 * Math.log10(ratio);

test.each(["in", "out"] as const)("%s: comes after the sound, as loud as stated, gone when it should be", (kind) => {
  const room = ROOMS[kind];
  const sound = click();
  for (const side of reverberate(sound, room)) {
    expect(side.subarray(0, 1000 + room.preSeconds * RATE).every((value) => value === 0)).toBe(true);
    expect(decibel(power(side) / power(sound))).toBeCloseTo(room.levelDb, 1);
    const late = side.subarray(1000 + Math.round(room.seconds * RATE));
    expect(decibel(power(late) / power(side))).toBeLessThan(-30);
  }
});

test("its two sides do not resemble each other, so their sum keeps its power", () => {
  const random = createRandom(4);
  const noise = Float32Array.from({ length: RATE }, () => 0.1 * random.normal());
  const [a, b] = reverberate(noise, ROOMS.in);
  expect(Math.abs(power(a, b) / Math.sqrt(power(a) * power(b)))).toBeLessThan(0.2);
});

test("the same sound gives the same bits, silence gives silence", () => {
  expect(reverberate(click(), ROOMS.in)).toEqual(reverberate(click(), ROOMS.in));
  expect(reverberate(new Float32Array(5000), ROOMS.in)[0].every((value) => value === 0)).toBe(true);
});
