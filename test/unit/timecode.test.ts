import fc from "fast-check";
import { expect, test } from "vitest";
import { formatTimecode, parseTimecode, timecodeToSamples } from "../../local-server/protocol/index.ts";

const film = { num: 24_000, den: 1001 };
const ntsc = { num: 30_000, den: 1001 };
const ntsc60 = { num: 60_000, den: 1001 };
const pal = { num: 25, den: 1 };

test("non-drop labels count frames", () => {
  expect(parseTimecode("00:00:00:00", pal)).toEqual({ frame: 0, dropFrame: false });
  expect(parseTimecode("01:00:00:00", pal)!.frame).toBe(90_000);
  expect(parseTimecode("10:00:00:12", film)!.frame).toBe(864_012);
  expect(parseTimecode("00:00:01:59", ntsc60)!.frame).toBe(119);
});

test("drop-frame: ten minutes of 29.97 are 17982 frames, an hour 107892, a minute 1800 less the two labels", () => {
  expect(parseTimecode("00:10:00;00", ntsc)).toEqual({ frame: 17_982, dropFrame: true });
  expect(parseTimecode("01:00:00;00", ntsc)!.frame).toBe(107_892);
  expect(parseTimecode("00:00:59;29", ntsc)!.frame).toBe(1799);
  expect(parseTimecode("00:01:00;02", ntsc)!.frame).toBe(1800);
  expect(parseTimecode("00:01:00,02", ntsc)!.frame).toBe(1800);
  expect(parseTimecode("00:10:00;00", ntsc60)!.frame).toBe(35_964);
  expect(parseTimecode("00:01:00;04", ntsc60)!.frame).toBe(3600);
});

test("what is no timecode is null", () => {
  const bad = ["", "1:00:00:00", "00:00:00", "00:00:00:25", "24:00:00:00", "00:60:00:00", "00:00:60:00", "aa:00:00:00"];
  for (const text of bad) expect(parseTimecode(text, pal), text).toBeNull();
  // Labels that drop-frame skips, and drop-frame where there is none.
  for (const text of ["00:01:00;00", "00:09:00;01"]) expect(parseTimecode(text, ntsc), text).toBeNull();
  expect(parseTimecode("00:01:00;03", ntsc60)).toBeNull();
  expect(parseTimecode("01:00:00;00", film)).toBeNull();
  expect(parseTimecode("01:00:00;00", { num: 30, den: 1 })).toBeNull();
  expect(() => formatTimecode({ frame: 1, dropFrame: true }, pal)).toThrow("29.97");
});

test("samples since midnight are the frame's real time, exactly", () => {
  expect(timecodeToSamples("01:00:00:00", pal)).toBe(172_800_000n);
  expect(timecodeToSamples("01:00:00:00", film)).toBe(172_972_800n);
  expect(timecodeToSamples("01:00:00:00", ntsc)).toBe(172_972_800n);
  // 107892 frames * 1601.6 = 172799827.2
  expect(timecodeToSamples("01:00:00;00", ntsc)).toBe(172_799_827n);
  expect(timecodeToSamples("00:00:00:01", ntsc)).toBe(1602n);
  expect(timecodeToSamples("23:59:59:23", { num: 24, den: 1 })).toBe(4_147_200_000n - 2000n);
  expect(timecodeToSamples("nonsense", pal)).toBeNull();
});

test("every frame of a day has one label that reads back as it, in order", () => {
  const rates = [film, { num: 24, den: 1 }, pal, ntsc, { num: 30, den: 1 }, { num: 50, den: 1 }, ntsc60];
  fc.assert(
    fc.property(
      fc.constantFrom(...rates),
      fc.integer({ min: 0, max: 2_000_000 }),
      fc.boolean(),
      (rate, frame, drop) => {
        const dropFrame = drop && rate.den === 1001 && rate.num !== 24_000;
        const text = formatTimecode({ frame, dropFrame }, rate);
        expect(parseTimecode(text, rate)).toEqual({ frame, dropFrame });
        expect(formatTimecode({ frame: frame + 1, dropFrame }, rate) > text).toBe(true);
      },
    ),
    { numRuns: 2000 },
  );
});

test("labels wrap at midnight", () => {
  expect(formatTimecode({ frame: 2_160_000, dropFrame: false }, pal)).toBe("00:00:00:00");
  expect(formatTimecode({ frame: -1, dropFrame: true }, ntsc)).toBe("23:59:59;29");
});
