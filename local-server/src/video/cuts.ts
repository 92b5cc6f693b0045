import type { PictureSpec } from "../../protocol/index.ts";

/**
 * Shot cuts from small pictures. Two neighbouring frames belong to different shots when they are unlike in shape (best
 * correlation over small shifts: blind to exposure and camera shake) and in brightness distribution, far more than the
 * frames before them were unlike each other (action), and when the picture does not come back within a moment (flash).
 */

export interface CutDetector {
  /** The next frame, as `picture` says, and its time in seconds. */
  push(pixels: Uint8Array, timeSeconds: number): void;
  /** Times of the first frames of new shots, seconds, ascending. */
  readonly cuts: readonly number[];
}

/** A flash, a muzzle fire or a damaged frame lasts no longer. */
const FLASH_SECONDS = 0.15;
/** Frame distances remembered as "how lively this shot is". */
const MEMORY_FRAMES = 12;
/** A cut stands out from the liveliness of its surroundings by this factor. */
const STANDS_OUT = 2;
/** Grid that frames are averaged to, and shifts of it (cells) that count as the same picture. */
const GRID_COLUMNS = 28;
const GRID_ROWS = 16;
const SHIFT = 2;
const HISTOGRAM_BINS = 32;
/** Standard deviation (of 255) under which a grid is a plain field, black for example, without a shape to compare. */
const FLAT = 2;

interface Look {
  readonly time: number;
  /** Mean luma per cell: [rows * columns]. */
  readonly grid: Float64Array;
  /** The grid less its surroundings: texture and edges, where the grid itself is mostly "bright above, dark below". */
  readonly detail: Float64Array;
  /** Brightness distribution around the frame's own mean, summing to 1. */
  readonly histogram: Float64Array;
}

/** @param threshold distance 0..1 above which a change may be a cut; about 0.5 */
export function createCutDetector(threshold: number, picture: PictureSpec): CutDetector {
  /** What was decided already, as far back as a flash may reach. */
  const past: Look[] = [];
  const looks: Look[] = [];
  const recent: number[] = [];
  const cuts: number[] = [];
  /** Decides whether looks[1] starts a shot after looks[0]; everything later in `looks` is what follows. */
  const decide = (): number | null => {
    const [before, after] = looks as [Look, Look];
    const step = distance(before, after);
    const liveliness = median(recent);
    recent.push(step);
    if (recent.length > MEMORY_FRAMES) recent.shift();
    if (step < threshold || step < STANDS_OUT * liveliness) return null;
    const follow = looks.slice(2).filter(({ time }) => time <= after.time + FLASH_SECONDS);
    const alike = (one: Look, other: Look) => distance(one, other) < threshold * 0.75;
    // A flash: the picture comes back, or has just come back. The next step is more than half as large: action, no shot.
    if (follow.some((look) => alike(before, look)) || past.some((look) => alike(look, after))) return null;
    const later = follow.length > 0 ? distance(after, follow[0]!) : 0;
    return later > step * 0.5 ? null : after.time;
  };
  const settle = (all: boolean): void => {
    while (looks.length > 1 && (all || looks.at(-1)!.time > looks[1]!.time + FLASH_SECONDS)) {
      const cut = decide();
      if (cut !== null) {
        cuts.push(cut);
        recent.length = 0;
      }
      past.push(looks.shift()!);
      while (past.length > 0 && past[0]!.time < looks[0]!.time - FLASH_SECONDS) past.shift();
    }
  };
  return {
    push(pixels, timeSeconds) {
      looks.push(lookOf(pixels, timeSeconds, picture));
      settle(false);
    },
    get cuts() {
      settle(true);
      return cuts;
    },
  };
}

function lookOf(pixels: Uint8Array, time: number, { width, height, color }: PictureSpec): Look {
  const channels = color === "luma" ? 1 : 3;
  const columns = Math.min(GRID_COLUMNS, width);
  const rows = Math.min(GRID_ROWS, height);
  const grid = new Float64Array(columns * rows);
  const counts = new Float64Array(columns * rows);
  for (let y = 0; y < height; y++) {
    const row = Math.floor((y * rows) / height) * columns;
    for (let x = 0; x < width; x++) {
      const at = (y * width + x) * channels;
      const luma =
        channels === 1 ? pixels[at]! : 0.299 * pixels[at]! + 0.587 * pixels[at + 1]! + 0.114 * pixels[at + 2]!;
      const cell = row + Math.floor((x * columns) / width);
      grid[cell]! += luma;
      counts[cell]! += 1;
    }
  }
  for (let cell = 0; cell < grid.length; cell++) grid[cell]! /= counts[cell]!;
  return { time, grid, detail: detailOf(grid, columns, rows), histogram: histogramOf(grid) };
}

function detailOf(grid: Float64Array, columns: number, rows: number): Float64Array {
  return grid.map((value, cell) => {
    const [x0, y0] = [cell % columns, Math.floor(cell / columns)];
    let [sum, n] = [0, 0];
    for (let y = Math.max(0, y0 - 2); y <= Math.min(rows - 1, y0 + 2); y++) {
      for (let x = Math.max(0, x0 - 2); x <= Math.min(columns - 1, x0 + 2); x++) {
        sum += grid[y * columns + x]!;
        n += 1;
      }
    }
    return value - sum / n;
  });
}

function histogramOf(grid: Float64Array): Float64Array {
  const mean = grid.reduce((sum, value) => sum + value, 0) / grid.length;
  const histogram = new Float64Array(HISTOGRAM_BINS);
  for (const value of grid) {
    // Shared between the two nearest bins, so that a grain of noise moves no whole cell.
    const place = Math.min(HISTOGRAM_BINS - 1.001, Math.max(0, ((value - mean + 128) / 256) * (HISTOGRAM_BINS - 1)));
    const bin = Math.floor(place);
    histogram[bin]! += (bin + 1 - place) / grid.length;
    histogram[bin + 1]! += (place - bin) / grid.length;
  }
  return histogram;
}

/** 0: the same picture, 1: nothing in common. */
function distance(a: Look, b: Look): number {
  const columns = Math.min(GRID_COLUMNS, a.grid.length);
  const rows = a.grid.length / columns;
  let [shape, detail] = [-1, -1];
  for (let dy = -SHIFT; dy <= SHIFT; dy++) {
    for (let dx = -SHIFT; dx <= SHIFT; dx++) {
      shape = Math.max(shape, correlation(a.grid, b.grid, columns, rows, dx, dy));
      detail = Math.max(detail, correlation(a.detail, b.detail, columns, rows, dx, dy));
    }
  }
  let unlike = 0;
  for (let bin = 0; bin < HISTOGRAM_BINS; bin++) unlike += Math.abs(a.histogram[bin]! - b.histogram[bin]!) / 2;
  return 0.4 * Math.min(1, 1 - shape) + 0.4 * Math.min(1, 1 - detail) + 0.2 * unlike;
}

/** Pearson correlation of the overlap of two grids, one shifted. Two plain fields are alike, a plain one and another not. */
function correlation(a: Float64Array, b: Float64Array, columns: number, rows: number, dx: number, dy: number): number {
  let [n, sumA, sumB, sumAA, sumBB, sumAB] = [0, 0, 0, 0, 0, 0];
  for (let y = Math.max(0, dy); y < Math.min(rows, rows + dy); y++) {
    for (let x = Math.max(0, dx); x < Math.min(columns, columns + dx); x++) {
      const va = a[y * columns + x]!;
      const vb = b[(y - dy) * columns + x - dx]!;
      n += 1;
      sumA += va;
      sumB += vb;
      sumAA += va * va;
      sumBB += vb * vb;
      sumAB += va * vb;
    }
  }
  const [varianceA, varianceB] = [sumAA / n - (sumA / n) ** 2, sumBB / n - (sumB / n) ** 2];
  const flatA = varianceA < FLAT ** 2;
  const flatB = varianceB < FLAT ** 2;
  if (flatA || flatB) return flatA && flatB ? 1 : 0;
  return (sumAB / n - (sumA / n) * (sumB / n)) / Math.sqrt(varianceA * varianceB);
}

const median = (values: readonly number[]): number =>
  values.length === 0 ? 0 : [...values].sort((a, b) => a - b)[values.length >> 1]!;
