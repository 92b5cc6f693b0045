import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { type Change, generateRequestSchema, type TakeRecord } from "../../../local-server/protocol/index.ts";
import { newId, stemOf, takeId } from "../../../local-server/src/jobs/names.ts";
import { openStore } from "../../../local-server/src/jobs/store.ts";
import { tempFolder } from "../../support/cli.ts";
import { takeRecord } from "../../support/take-record.ts";

const fill = join(import.meta.dirname, "../../support/fill-store-process.ts");
const facts = { seconds: 1, steps: 0, kind: "test", bytesPerTake: 1 };
const HOUR_MS = 3_600_000;

function newJob(prompt = "steps", key?: string) {
  const id = newId();
  const request = generateRequestSchema.parse({ prompt });
  return { id, stem: stemOf(id, request), request, facts, key };
}
const newStore = () => {
  const path = join(tempFolder(), "jobs.sqlite");
  return { path, store: openStore(path) };
};

test("a key gives the same job for 48 hours; with another request it is refused", () => {
  const { store } = newStore();
  const first = store.submit(newJob("steps", "k"), 0);
  expect(store.submit(newJob("steps", "k"), 48 * HOUR_MS - 1).id).toBe(first.id);
  expect(() => store.submit(newJob("rain", "k"), HOUR_MS)).toThrow("error key_reused");
  expect(store.keyed("k", newJob("steps").request, HOUR_MS)?.id).toBe(first.id);
  expect(store.submit(newJob("rain", "k"), 48 * HOUR_MS).id).not.toBe(first.id);
  expect(store.jobs()).toHaveLength(2);
  store.close();
});

test("a take that was recorded before takes named their recordings has none", () => {
  const { store } = newStore();
  const { id } = store.submit(newJob());
  const { recordings: _, credits: __, ...older } = takeRecord();
  store.addTake({ id: takeId(id, 1), jobId: id, path: "/t/a.wav", record: older as TakeRecord });
  expect(store.take(takeId(id, 1))?.record).toEqual(takeRecord());
  store.close();
});

test("more than 1,000 waiting jobs are refused, and what was accepted stays", () => {
  const { store } = newStore();
  for (let n = 0; n < 1_000; n++) store.submit(newJob());
  expect(() => store.submit(newJob())).toThrow("error queue_full");
  expect(store.openRows()).toHaveLength(1_000);
  store.close();
});

test("what changed since a number: each thing once, as it is now; a number of another store is not known", () => {
  const { store } = newStore();
  const heard: Change[] = [];
  const stop = store.onChange((change) => heard.push(change));
  const { id } = store.submit(newJob());
  store.start(id);
  const { seq } = store;
  store.progress(id, { stage: "denoise", fraction: 0.5, secondsLeft: 3 });
  expect(store.changesSince(seq)).toEqual([heard[2]]);
  expect(heard[2]).toMatchObject({ type: "job", job: { stage: "denoise", fraction: 0.5, secondsLeft: 3 } });
  store.addTake({ id: takeId(id, 1), jobId: id, path: "/t/a.wav", record: takeRecord() });
  store.markTake(takeId(id, 1), { hearted: true });
  store.end(id, "done");
  expect(store.changesSince(seq)?.map(({ type }) => type)).toEqual(["take", "job"]);
  expect(store.changesSince(seq)).toEqual(heard.slice(-2));
  store.removeTake(takeId(id, 1));
  expect(store.changesSince(seq)?.map(({ type }) => type)).toEqual(["job", "takeGone"]);
  expect(store.changesSince(store.seq)).toEqual([]);
  expect(store.changesSince(store.seq + 1)).toBeNull();
  stop();
  store.submit(newJob());
  expect(heard.map((change) => change.seq)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  store.close();
});

test("marks are set one by one, and outlive the store's end; numbers go on", () => {
  const { store, path } = newStore();
  const { id } = store.submit(newJob());
  const take = takeId(id, 1);
  store.addTake({ id: take, jobId: id, path: "/t/a.wav", record: takeRecord() });
  store.markTake(take, { hearted: true });
  expect(store.markTake(take, { locked: true })).toMatchObject({ hearted: true, locked: true });
  expect(() => store.markTake("none", { locked: true })).toThrow("error not_found");
  const { seq } = store;
  store.close();
  const again = openStore(path);
  expect(again.take(take)).toMatchObject({ hearted: true, locked: true, jobId: id });
  expect(again.seq).toBeGreaterThanOrEqual(seq);
  // Whoever heard everything before the end has missed nothing.
  expect(again.changesSince(seq)).toEqual([]);
  again.close();
});

test("a second opener is refused with what to do, in this process and in another, as long as the first is there", () => {
  const { store, path } = newStore();
  expect(() => openStore(path)).toThrow(/error in_use: .* another server .*FOLEY_DATA/);
  const other = () => spawnSync(process.execPath, [fill, path, "1"], { encoding: "utf8" }).stdout;
  expect(other()).toMatch(/^error in_use: /);
  store.close();
  expect(other()).toBe("1 kept\n");
});

test("a store of a newer program, a file that is none, and a damaged one are refused, and not touched", () => {
  const { store, path } = newStore();
  for (let n = 0; n < 200; n++) store.submit(newJob(`steps ${n}`));
  store.close();
  const whole = readFileSync(path);
  const refused = (bytes: Uint8Array) => {
    writeFileSync(path, bytes);
    expect(() => openStore(path)).toThrow("error damaged");
    expect(readFileSync(path).equals(bytes)).toBe(true);
  };
  refused(Buffer.from("no database at all, but a file of words".repeat(100)));
  const broken = Buffer.from(whole);
  broken.fill(0xff, 3 * 4096, 9 * 4096);
  refused(broken);
  refused(whole.subarray(0, whole.length - 8 * 4096));
  writeFileSync(path, whole);
  const newer = new DatabaseSync(path);
  newer.exec("PRAGMA user_version = 99");
  newer.close();
  expect(() => openStore(path)).toThrow(/version 99, of a newer program/);
  newer.open();
  newer.exec("PRAGMA user_version = 1");
  newer.close();
  const again = openStore(path);
  expect(again.openRows()).toHaveLength(200);
  again.close();
});

test.runIf(process.platform !== "win32")("a disk that fills up: disk_full, and all that was accepted is kept", () => {
  const path = join(tempFolder(), "jobs.sqlite");
  const command = `ulimit -f 2048; exec "$0" "$@"`;
  const { stdout } = spawnSync("/bin/sh", ["-c", command, process.execPath, fill, path, "100000"], {
    encoding: "utf8",
  });
  const [, kept, why] = /^(\d+) kept\n(.*)/.exec(stdout)!;
  expect(why).toMatch(/^error disk_full: expected room for the jobs in .*; free some space/);
  const store = openStore(path);
  expect(store.openRows()).toHaveLength(Number(kept));
  store.close();
});
