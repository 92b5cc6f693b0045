import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import {
  type Credit,
  creditLines,
  generateRequestSchema,
  type TakeRecord,
  takeSchema,
} from "../../local-server/protocol/index.ts";
import { createEngine } from "../../local-server/src/engine/engine.ts";
import { readBank } from "../../local-server/src/onnx/bundle.ts";
import { readTakeRecord, regenerateRequest } from "../../local-server/src/takes/old-take.ts";
import { foley, SAMPLE, tempFolder } from "../support/cli.ts";

/** Takes of the bundled model, held against its bank. */
const engine = createEngine();
afterAll(() => engine.kill());
const quiet = { signal: new AbortController().signal, onProgress() {}, onNote() {} };
const { sounds } = (await readBank("foley-mini"))!.index;

async function take(fields: object, target = join(tempFolder(), "take.wav")): Promise<TakeRecord> {
  const request = generateRequestSchema.parse({ video: SAMPLE, ...fields });
  return (await engine.run({ request, targets: [target] }, quiet)).takes[0]!.record;
}
const soundsOf = ({ events }: TakeRecord) => new Set(events.filter(({ muted }) => !muted).map(({ sound }) => sound!));
const bedsOf = (record: TakeRecord) => record.recordings.filter((id) => !soundsOf(record).has(id));
const classOf = (id: string) => sounds.find((sound) => sound.id === id)?.class;
const textOf = ({ author, source, licence }: Credit) => [author, source, licence].join(" | ");
/** Authors, sources and licences of recordings by CC BY. */
const owed = (ids: readonly string[]): string[] => {
  const rows = sounds.filter(({ id, licence }) => ids.includes(id) && licence.startsWith("CC-BY"));
  return [...new Set(rows.map(textOf))].sort();
};
/** What players show of a WAV's rights. */
const copyrightOf = (path: string): string | undefined => {
  const args = ["-v", "error", "-show_entries", "format_tags", "-of", "json", path];
  return JSON.parse(execFileSync("ffprobe", args, { encoding: "utf8" })).format.tags.copyright;
};
const named = (credits: readonly Credit[]) => credits.map(textOf).sort();

test.each([{ guideStrength: 0 }, { guideStrength: 0.6 }])(
  "doors over wind (%o): the take lists what its events and its bed are made of, and whom to credit",
  async (fields) => {
    const record = await take({ prompt: "door slam and wind", ...fields });
    const [door, wind] = record.chosen.map((one) => one.class);
    expect(record.chosen.map(({ mode }) => mode)).toEqual(["event", "bed"]);
    for (const sound of soundsOf(record)) expect([sound, record.recordings.includes(sound)]).toEqual([sound, true]);
    expect(bedsOf(record).map(classOf)).toEqual([wind, wind]);
    expect(record.credits.length).toBeGreaterThan(1);
    expect(named(record.credits)).toEqual(owed(record.recordings));
    expect(owed(record.recordings.filter((id) => classOf(id) === door)).length).toBeGreaterThan(0);
  },
);

test("in mono one version of a bed is heard; what is muted, and a guide that is none, is not", async () => {
  const fields = { prompt: "door slam and wind", channels: "mono", toTicks: "508032000000" };
  const first = await take(fields);
  expect(bedsOf(first)).toHaveLength(1);
  const muted = await take({ ...fields, events: first.events.map((event) => ({ ...event, muted: true })) });
  expect(muted.recordings).toEqual(bedsOf(first));
  const { recordings, credits } = await take({ ...fields, guide: { kind: "none" }, steps: 2 });
  expect([recordings, credits]).toEqual([[], []]);
});

test("a part made anew adds its recordings to those that stay", async () => {
  const folder = tempFolder();
  const old = await take({ prompt: "door slam and wind" }, join(folder, "old.wav"));
  const part = { fromTicks: "254016000000", toTicks: "508032000000", prompt: "glass breaking" };
  const again = await regenerateRequest(join(folder, "old.wav"), part);
  const fresh = await take(again, join(folder, "new.wav"));
  const all = new Set(fresh.recordings);
  for (const sound of [...soundsOf(fresh), ...bedsOf(old)]) expect([sound, all.has(sound)]).toEqual([sound, true]);
  expect(fresh.recordings.map(classOf)).toContain("glass/break");
  const before = new Set([...old.recordings, ...soundsOf(fresh)]);
  expect(fresh.recordings.filter((id) => !before.has(id))).toEqual([]);
  expect(named(fresh.credits)).toEqual(owed(fresh.recordings));
  expect(await readTakeRecord(join(folder, "new.wav"))).toEqual(fresh);
});

test("terminal, WAV and MP4 name each author, and say nothing where nothing is owed", async () => {
  const folder = tempFolder();
  const args = ["generate", SAMPLE, "--prompt", "wind", "--to", "1", "-o", "wind.wav", "--mux", "wind.mp4"];
  const { stdout } = await foley(args, { cwd: folder });
  const record = await readTakeRecord(join(folder, "wind.wav"));
  const lines = stdout.split("\n").filter((line) => line.includes("credit"));
  expect(lines.length).toBeGreaterThan(0);
  expect(lines).toEqual(creditLines(record.credits).map((line) => `  credit: ${line}`));
  for (const name of ["wind.wav", "wind.mp4"]) {
    expect([name, copyrightOf(join(folder, name))]).toEqual([name, creditLines(record.credits).join("; ")]);
  }
  const free = await foley(["generate", "--prompt", "steady rain", "--to", "1", "-o", "rain.wav"], { cwd: folder });
  expect(free.stdout).not.toContain("credit");
  expect(copyrightOf(join(folder, "rain.wav"))).toBeUndefined();
});

test("--json names them; a record from before takes did is read as one that names none", async () => {
  const folder = tempFolder();
  const args = ["generate", "--prompt", "wind", "--to", "1", "-o", "wind.wav", "--json"];
  const { stdout } = await foley(args, { cwd: folder });
  const path = join(folder, "wind.take.json");
  const { recordings, credits, ...older } = JSON.parse(readFileSync(path, "utf8"));
  expect(JSON.parse(stdout).takes[0]).toMatchObject({ recordings, credits });
  expect(takeSchema.parse(older)).toMatchObject({ recordings: [], credits: [] });
});
