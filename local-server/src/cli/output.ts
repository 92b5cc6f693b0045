import { relative } from "node:path";
import type { Stage } from "../../protocol/index.ts";
import { creditLines, STAGES } from "../../protocol/index.ts";
import type { JobResult } from "../engine/messages.ts";

/** Where a verb's words go: with --json one object on stdout and nothing else; else a page for people. */
export interface Output {
  progress(stage: Stage, fraction: number): void;
  note(text: string): void;
  finish(json: unknown, text: string): void;
}

export function createOutput(json: boolean): Output {
  const live = process.stderr.isTTY && !json;
  let shown = "";
  const show = (line: string) => {
    if (line === shown) return;
    shown = line;
    process.stderr.write(`\r\u001b[K${line}`);
  };
  return {
    progress(stage, fraction) {
      if (live) show(`${STAGES.indexOf(stage) + 1}/${STAGES.length} ${stage} ${Math.round(100 * fraction)} %`);
    },
    note(text) {
      if (live) show("");
      if (!json) process.stderr.write(`note: ${text}\n`);
    },
    finish(value, text) {
      if (live) show("");
      process.stdout.write(json ? `${JSON.stringify(value)}\n` : `${text}\n`);
    },
  };
}

const decibel = (value: number | null, unit: string) => (value === null ? "silent" : `${value.toFixed(1)} ${unit}`);

/** The page of numbers after a generation. All of it is measured. */
export function page({ takes, provider, timings, peakMemoryBytes }: JobResult, mux: string | null): string {
  const total = Object.values(timings).reduce((a, b) => a + b, 0);
  const seconds = takes.reduce((sum, { record }) => sum + record.seconds, 0);
  const lines = takes.map(({ path, record }) => {
    const sounds =
      record.chosen.map(({ class: id }) => id).join(" + ") || (record.guideStrength > 0 ? "generated" : "nothing");
    const level = `${decibel(record.lufs, "LUFS")}, ${decibel(record.truePeakDb, "dBTP")}`;
    const credits = creditLines(record.credits)
      .map((line) => `\n  credit: ${line}`)
      .join("");
    return `${relative(".", path)}\n  ${record.seconds.toFixed(3)} s, ${record.sampleCount} samples, ${record.events.length} events, ${sounds}, ${level}, seed ${record.seed}${credits}`;
  });
  if (mux) lines.push(relative(".", mux));
  lines.push("", `${"stage".padEnd(18)}seconds`);
  for (const [stage, spent] of Object.entries(timings))
    lines.push(`${stage.padEnd(18)}${spent.toFixed(2).padStart(7)}`);
  lines.push(`${"all".padEnd(18)}${total.toFixed(2).padStart(7)}`);
  lines.push(
    "",
    `${(total / seconds).toFixed(2)} s a second of sound (${(seconds / total).toFixed(1)} x real time), ` +
      `${Math.round(peakMemoryBytes / 2 ** 20)} MiB at most, provider ${provider}`,
  );
  return lines.join("\n");
}
