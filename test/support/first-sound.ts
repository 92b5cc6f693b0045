// Draws the picture of the README: `node test/support/first-sound.ts [OUT.png]`. Makes a take for the sample clip, then lays
// frames, events, spectrogram and waveform under each other on one time axis. Needs ffmpeg and Chromium.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { SoundEvent } from "../../local-server/protocol/index.ts";
import { decodeWav } from "../../local-server/src/audio/wav.ts";
import { findChromium, launchChromium } from "./browser.ts";
import { bmpOf, spectrogram } from "./spectrogram.ts";

const root = resolve(import.meta.dirname, "../..");
const CLIP = join(root, "test/fixtures/walk-wood-floor.mp4");
const PROMPT = "footsteps on a wooden floor";
const CREDIT = "Picture: Intel Corporation, IoT sample videos, CC BY 4.0, cut";

/** The picture's layout, pixels. */
const PAGE = { width: 1400, height: 690 };
const LEFT = 92;
const RIGHT = 1336;
const WIDTH = RIGHT - LEFT;
const FRAMES = { top: 56, count: 8, height: 87 };
const EVENTS = { top: 157, height: 52 };
const SPECTRUM = { top: 223, height: 268, minHz: 60, maxHz: 16_000, minDb: -105, maxDb: -30 };
/** RMS of a stretch, dB below full scale. */
const LEVEL = { top: 505, height: 110, minDb: -70, maxDb: -10 };
const AXIS = LEVEL.top + LEVEL.height;

const INK = { page: "#18191b", lane: "#212326", line: "#3a3d42", text: "#e6e7e9", quiet: "#a3a7ad", event: "#ffb02e" };

interface Taken {
  readonly samples: Float32Array;
  readonly seconds: number;
  readonly seed: number;
  readonly truePeakDb: number;
  readonly sound: string;
  readonly events: readonly SoundEvent[];
}

/** A take for the sample clip, by the CLI. */
function makeTake(folder: string): Taken {
  const wav = join(folder, "steps.wav");
  const args = [join(root, "local-server/src/main.ts"), "generate", CLIP, "--prompt", PROMPT, "-o", wav, "--json"];
  const [take] = JSON.parse(execFileSync(process.execPath, args, { encoding: "utf8" })).takes;
  const { channels } = decodeWav(readFileSync(wav)).waveform;
  const samples = channels[0]!.map(
    (value, n) => channels.reduce((sum, one) => sum + one[n]!, 0) / channels.length || value,
  );
  return { ...take, samples, sound: take.chosen[0]?.class ?? "nothing" };
}

/** The frame shown at a moment, as a data address. */
function frameAt(seconds: number, height: number): string {
  const out = ["-frames:v", "1", "-vf", `scale=-2:${2 * height}:flags=lanczos`, "-q:v", "2", "-f", "mjpeg", "-"];
  const args = ["-v", "error", "-ss", seconds.toFixed(3), "-i", CLIP, ...out];
  return `data:image/jpeg;base64,${execFileSync("ffmpeg", args, { maxBuffer: 1 << 26 }).toString("base64")}`;
}

const text = (x: number, y: number, words: string, extra = "") => `<text x="${x}" y="${y}" ${extra}>${words}</text>`;
const minus = (value: number | string) => String(value).replace("-", "−");
const QUIET = `class="quiet"`;
const QUIET_END = `class="quiet" text-anchor="end"`;
const lane = ({ top, height }: { top: number; height: number }) =>
  `<rect x="${LEFT}" y="${top}" width="${WIDTH}" height="${height}" fill="${INK.lane}"/>`;
const label = (words: string, { top, height }: { top: number; height: number }) =>
  text(LEFT - 14, top + height / 2 + 4, words, QUIET_END);

function framesOf({ seconds }: Taken): string {
  const { top, count, height } = FRAMES;
  const slot = WIDTH / count;
  const parts = Array.from({ length: count }, (_, i) => {
    const image = frameAt(((i + 0.5) / count) * seconds, height);
    const box = `x="${LEFT + i * slot}" y="${top}" width="${slot - (i < count - 1 ? 2 : 0)}" height="${height}"`;
    return `<image ${box} preserveAspectRatio="xMidYMid slice" href="${image}"/>`;
  });
  return parts.join("") + label("frames", FRAMES);
}

/** A dot for every event, its area by strength, and a thread from it to its sound. */
function eventsOf({ events }: Taken, x: (seconds: number) => number): string {
  const middle = EVENTS.top + EVENTS.height / 2;
  const threads = events.map(({ time }) => {
    const ends = `x1="${x(time)}" x2="${x(time)}" y1="${middle}" y2="${SPECTRUM.top - 1}"`;
    return `<line ${ends} stroke="${INK.event}" stroke-opacity=".55"/>`;
  });
  const marks = events.map(({ time }) => `<path d="M${x(time) - 4} ${SPECTRUM.top - 7}h8l-4 6z" fill="${INK.event}"/>`);
  const dots = events.map(
    ({ time, strength }) =>
      `<circle cx="${x(time)}" cy="${middle}" r="${4 + 13 * Math.sqrt(strength)}" fill="${INK.event}"/>`,
  );
  return lane(EVENTS) + threads.join("") + marks.join("") + dots.join("") + label("events", EVENTS);
}

function spectrumOf({ samples }: Taken): string {
  const { top, height, minHz, maxHz, minDb, maxDb } = SPECTRUM;
  const image = bmpOf(spectrogram(samples, { ...SPECTRUM, width: WIDTH }));
  const box = `x="${LEFT}" y="${top}" width="${WIDTH}" height="${height}"`;
  const ticks = [100, 300, 1000, 3000, 10_000, 16_000].map((hz) => {
    const y = top + height * (1 - Math.log(hz / minHz) / Math.log(maxHz / minHz));
    const words = hz >= 1000 ? `${hz / 1000} kHz` : `${hz} Hz`;
    return `<line x1="${LEFT - 6}" x2="${LEFT}" y1="${y}" y2="${y}" stroke="${INK.line}"/>${text(LEFT - 14, y + 4, words, QUIET_END)}`;
  });
  const bar = bmpOf({
    width: 10,
    height,
    levels: Uint8Array.from({ length: 10 * height }, (_, i) => 255 * (1 - Math.floor(i / 10) / height)),
  });
  const decibels = [maxDb, minDb].map((db, i) => text(RIGHT + 26, top + (i === 0 ? 11 : height - 2), minus(db), QUIET));
  return (
    `<image ${box} href="${image}"/><image x="${RIGHT + 10}" y="${top}" width="10" height="${height}" href="${bar}"/>` +
    ticks.join("") +
    decibels.join("") +
    text(LEFT + 12, top + 22, "spectrogram", QUIET) +
    text(RIGHT + 26, top + height / 2 + 4, "dB", QUIET)
  );
}

/** Level of every pixel's stretch: RMS of both channels, in dB below full scale. */
function levelOf({ samples }: Taken): string {
  const { top, height, minDb, maxDb } = LEVEL;
  const y = (db: number) => top + height * (1 - Math.max(0, Math.min(1, (db - minDb) / (maxDb - minDb))));
  const points = Array.from({ length: WIDTH }, (_, column) => {
    const part = samples.subarray((column * samples.length) / WIDTH, ((column + 1) * samples.length) / WIDTH);
    const rms = Math.sqrt(part.reduce((sum, value) => sum + value * value, 0) / part.length);
    return `L${LEFT + column + 0.5} ${y(20 * Math.log10(rms + 1e-10)).toFixed(2)}`;
  });
  const grid = [-20, -40, -60].map((db) => {
    const line = `<line x1="${LEFT}" x2="${RIGHT}" y1="${y(db)}" y2="${y(db)}" stroke="${INK.line}"/>`;
    return line + text(LEFT - 14, y(db) + 4, `${minus(db)} dB`, QUIET_END);
  });
  const area = `<path d="M${LEFT} ${top + height}${points.join("")}L${RIGHT} ${top + height}z" fill="#cfd3d8"/>`;
  return lane(LEVEL) + grid.join("") + area + text(LEFT + 12, top + 38, "level", QUIET);
}

function axisOf({ seconds }: Taken, x: (seconds: number) => number): string {
  const ticks = Array.from({ length: Math.floor(seconds) + 1 }, (_, second) => {
    const words = second % 2 === 0 ? text(x(second), AXIS + 24, `${second}`, `class="quiet" text-anchor="middle"`) : "";
    return `<line x1="${x(second)}" x2="${x(second)}" y1="${AXIS}" y2="${AXIS + 7}" stroke="${INK.quiet}"/>${words}`;
  });
  return `<line x1="${LEFT}" x2="${RIGHT}" y1="${AXIS + 0.5}" y2="${AXIS + 0.5}" stroke="${INK.line}"/>${ticks.join("")}${text(RIGHT + 10, AXIS + 24, "s", QUIET)}`;
}

function pageOf(take: Taken): string {
  const x = (seconds: number) => LEFT + (seconds / take.seconds) * WIDTH;
  const facts = `${take.sound.replace("/", ", ")} · ${take.events.length} events · peak ${minus(take.truePeakDb.toFixed(1))} dBTP · seed ${take.seed}`;
  const parts = [
    text(LEFT, 36, `“${PROMPT}”`, `class="title"`),
    text(RIGHT, 36, facts, QUIET_END),
    framesOf(take),
    eventsOf(take, x),
    spectrumOf(take),
    levelOf(take),
    axisOf(take, x),
    text(LEFT, PAGE.height - 22, CREDIT, QUIET),
  ];
  const style = `body{margin:0;background:${INK.page}}text{font:13.5px "Helvetica Neue",Helvetica,"Liberation Sans",Arial,sans-serif;fill:${INK.text}}.quiet{fill:${INK.quiet}}.title{font-size:18px}`;
  const size = `width="${PAGE.width}" height="${PAGE.height}"`;
  return `<style>${style}</style><svg xmlns="http://www.w3.org/2000/svg" ${size} style="display:block">${parts.join("")}</svg>`;
}

/** The page as Chromium draws it. */
async function draw(html: string, path: string): Promise<void> {
  const executablePath = findChromium();
  if (!executablePath) throw new Error("expected a Chromium on PATH or in FOLEY_CHROMIUM, came none");
  const browser = await launchChromium(executablePath);
  try {
    const page = await browser.newPage({ viewport: PAGE });
    await page.setContent(html);
    await page.screenshot({ path });
  } finally {
    await browser.close();
  }
}

const folder = mkdtempSync(join(tmpdir(), "foley-picture-"));
try {
  const out = resolve(process.argv[2] ?? join(root, "test/fixtures/first-sound.png"));
  await draw(pageOf(makeTake(folder)), out);
  console.log(out);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
