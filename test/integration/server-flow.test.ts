import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  type Change,
  changeSchema,
  clipSchema,
  creditLines,
  type TakeResource,
} from "../../local-server/protocol/index.ts";
import { decodeWav } from "../../local-server/src/audio/wav.ts";
import { SAMPLE } from "../support/cli.ts";
import { rawRequest, type ServerHere, serveHere, statusOf } from "../support/server.ts";

/** What the panel does in a first minute, by its own client: open, ask, hear, take. */

let server: ServerHere;
let take: TakeResource;
beforeAll(async () => {
  server = await serveHere();
});
afterAll(() => server.close());

const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await new Promise((settle) => setTimeout(settle, 20));
};

test("a clip opened by path, a job, its changes in order, its take", { timeout: 120_000 }, async () => {
  const changes: Change[] = [];
  const client = await server.connect((method, params) => {
    expect(method).toBe("state.changed");
    changes.push(changeSchema.parse(params));
  });
  const { seq, snapshot } = await client.call("state.subscribe", { since: null });
  expect(snapshot).toMatchObject({ jobs: [], takes: [], provider: "" });
  expect(snapshot!.models).toContainEqual(expect.objectContaining({ id: "foley-mini", problem: null }));

  const clip = await client.call("clips.open", { path: SAMPLE });
  expect(clip).toMatchObject({ name: "walk-wood-floor.mp4", frameRate: { num: 10, den: 1 }, startFrame: 0 });
  const picture = await fetch(server.origin + clip.media, { headers: { range: "bytes=4-7" } });
  expect([picture.status, await picture.text()]).toEqual([206, "ftyp"]);

  const request = { video: SAMPLE, prompt: "footsteps and wind", toTicks: "508032000000" };
  const job = await client.call("jobs.create", { key: "one", request });
  expect((await client.call("jobs.create", { key: "one", request })).id).toBe(job.id);
  await until(() => changes.some((change) => change.type === "job" && change.job.state === "done"));
  const seqs = changes.map((change) => change.seq);
  expect(seqs).toEqual([...seqs].sort((a, b) => a - b));
  expect(new Set(seqs).size).toBe(seqs.length);
  expect(seqs[0]).toBeGreaterThan(seq);
  take = changes.find((change) => change.type === "take")!.take;
  expect(take.jobId).toBe(job.id);

  // Another client that was there before hears only what it missed, each thing as it is now.
  const late: Change[] = [];
  const other = await server.connect((_method, params) => late.push(changeSchema.parse(params)));
  expect(await other.call("state.subscribe", { since: seq })).toEqual({ seq, snapshot: null });
  await until(() => late.some(({ type }) => type === "take") && late.some(({ type }) => type === "job"));
  expect(late.filter(({ type }) => type === "job")).toMatchObject([{ job: { id: job.id, state: "done" } }]);
  client.close();
  other.close();
});

test("a take's audio is its file, in parts as well, known by its hash", async () => {
  const bytes = readFileSync(take.path);
  const path = `/v1/takes/${take.id}/audio`;
  const whole = await server.ask(path);
  const etag = `"${createHash("sha256").update(bytes).digest("hex")}"`;
  expect([whole.status, whole.headers.get("etag")]).toEqual([200, etag]);
  expect(whole.headers.get("content-type")).toBe("audio/wav");
  expect(Buffer.from(await whole.arrayBuffer()).equals(bytes)).toBe(true);
  const part = async (headers: Record<string, string>) => {
    const answer = await server.ask(path, { headers });
    const body = Buffer.from(await answer.arrayBuffer());
    return { status: answer.status, range: answer.headers.get("content-range"), body };
  };
  const { length } = bytes;
  expect(await part({ range: "bytes=0-3" })).toEqual({
    status: 206,
    range: `bytes 0-3/${length}`,
    body: bytes.subarray(0, 4),
  });
  expect(await part({ range: "bytes=-5" })).toMatchObject({ status: 206, body: bytes.subarray(-5) });
  expect(await part({ range: `bytes=${length - 2}-` })).toMatchObject({ status: 206, body: bytes.subarray(-2) });
  expect(await part({ range: "bytes=0-3", "if-range": etag })).toMatchObject({ status: 206 });
  expect(await part({ range: "bytes=0-3", "if-range": '"another"' })).toMatchObject({ status: 200, body: bytes });
  for (const range of ["bytes=9-1", `bytes=${length}-`, "bytes=99999999999-"]) {
    const { status, range: there } = await part({ range });
    expect([range, status, there]).toEqual([range, 416, `bytes */${length}`]);
  }
  const many = Array.from({ length: 1000 }, (_, i) => `${2 * i}-${2 * i}`).join(",");
  expect((await part({ range: `bytes=${many}` })).status).toBe(200);
  // fetch would add a Cache-Control that asks for it all.
  const known = [`Host: 127.0.0.1:${server.port}`, `Authorization: Bearer ${server.token}`, `If-None-Match: ${etag}`];
  expect(statusOf(await rawRequest(server.port, "GET", path, known))).toBe(304);
  const head = await server.ask(path, { method: "HEAD" });
  expect([head.headers.get("content-length"), await head.text()]).toEqual([String(length), ""]);
});

test("a take's peaks are those of its samples, channel after channel", async () => {
  const { channels } = decodeWav(readFileSync(take.path)).waveform;
  for (const columns of [1, 7, 1200]) {
    const answer = await server.ask(`/v1/takes/${take.id}/peaks?columns=${columns}`);
    const values = new Float32Array(await answer.arrayBuffer());
    const expected = channels.flatMap((samples) => {
      const peaks = new Array<number>(columns).fill(0);
      samples.forEach((value, i) => {
        const column = Math.floor((i * columns) / samples.length);
        peaks[column] = Math.max(peaks[column]!, Math.abs(value));
      });
      return peaks;
    });
    expect([columns, [...values]]).toEqual([columns, expected]);
  }
  expect((await server.ask(`/v1/takes/${take.id}/peaks?columns=0`)).status).toBe(422);
});

test("a take under its picture comes as an MP4, and nothing of it is left on the disk", async () => {
  const answer = await server.post(`/v1/takes/${take.id}/video`, {});
  expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "video/mp4"]);
  const bytes = Buffer.from(await answer.arrayBuffer());
  expect(bytes.toString("latin1", 4, 8)).toBe("ftyp");
  expect(take.record.credits.length).toBeGreaterThan(0);
  for (const line of creditLines(take.record.credits)) expect([line, bytes.includes(line)]).toEqual([line, true]);
  const uploaded = await server.ask("/v1/uploads", {
    method: "POST",
    headers: { "content-type": "video/mp4", "foley-file-name": encodeURIComponent("Schritte – fertig.mp4") },
    body: bytes,
  });
  expect(uploaded.status).toBe(201);
  expect(clipSchema.parse(await uploaded.json())).toMatchObject({ name: "Schritte – fertig.mp4" });
});

test("marks are kept; a locked take is not removed, an unlocked one is", async () => {
  const patch = (body: unknown) =>
    server.ask(`/v1/takes/${take.id}`, {
      method: "PATCH",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  expect(await (await patch({ locked: true, hearted: true })).json()).toMatchObject({ locked: true, hearted: true });
  const refused = await server.ask(`/v1/takes/${take.id}`, { method: "DELETE" });
  expect([refused.status, ((await refused.json()) as { code: string }).code]).toEqual([409, "locked"]);
  await patch({ locked: false });
  expect((await server.ask(`/v1/takes/${take.id}`, { method: "DELETE" })).status).toBe(204);
  expect((await server.ask(`/v1/takes/${take.id}`)).status).toBe(404);
});
