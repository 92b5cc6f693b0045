import { afterAll, beforeAll, expect, test } from "vitest";
import {
  type JobResource,
  jobSchema,
  TICKS_PER_SECOND,
  takeResourceSchema,
} from "../../local-server/protocol/index.ts";
import { SAMPLE } from "../support/cli.ts";
import { type ServerHere, serveHere } from "../support/server.ts";

/** REST as a script uses it: ask, follow, cancel; every refusal is a problem+json with what to do. */

let server: ServerHere;
beforeAll(async () => {
  server = await serveHere();
});
afterAll(() => server.close());

const second = String(TICKS_PER_SECOND);
const rain = { prompt: "steady rain", toTicks: second };

async function problemOf(answer: Response) {
  expect(answer.headers.get("content-type")).toBe("application/problem+json");
  const body = (await answer.json()) as Record<string, string>;
  expect(body).toMatchObject({ type: `urn:foley:problem:${body.code}`, status: answer.status });
  for (const part of [body.title, body.detail, body.expected, body.came, body.todo]) expect(part).toBeTruthy();
  return [answer.status, body.code, body.field];
}

interface Event {
  readonly id: number;
  readonly event: string;
  readonly data: unknown;
}

/** All events of a job until the server ends the answer, or `most` have come. */
async function follow(id: string, last?: number, most = Number.POSITIVE_INFINITY): Promise<Event[]> {
  const answer = await server.ask(`/v1/jobs/${id}/events`, {
    headers: last === undefined ? {} : { "last-event-id": String(last) },
  });
  expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "text/event-stream"]);
  const events: Event[] = [];
  let rest = "";
  for await (const bytes of answer.body!.pipeThrough(new TextDecoderStream())) {
    const blocks = (rest + bytes).split("\n\n");
    rest = blocks.pop()!;
    for (const block of blocks.filter((text) => !text.startsWith(":"))) {
      const {
        id: number,
        event,
        data,
      } = Object.fromEntries(
        block.split("\n").map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)]),
      );
      events.push({ id: Number(number), event: event!, data: JSON.parse(data!) });
      if (events.length >= most) return events;
    }
  }
  expect(rest).toBe("");
  return events;
}

const stateOf = ({ data }: Event): string => (data as JobResource).state;

test("a job is acknowledged with its address, followed to its end, and taken up again where one left", async () => {
  const asked = await server.post("/v1/jobs", rain);
  const job = jobSchema.parse(await asked.json());
  expect([asked.status, asked.headers.get("location"), asked.headers.get("retry-after")]).toEqual([
    202,
    `/v1/jobs/${job.id}`,
    "1",
  ]);
  const first = await follow(job.id, undefined, 2);
  const rest = await follow(job.id, first.at(-1)!.id);
  const ids = [...first, ...rest].map(({ id }) => id);
  expect(ids).toEqual([...new Set(ids)].sort((a, b) => a - b));
  const jobs = rest.filter(({ event }) => event === "job");
  expect(stateOf(jobs.at(-1)!)).toBe("done");
  const [take] = rest.filter(({ event }) => event === "take").map(({ data }) => takeResourceSchema.parse(data));
  expect(take).toMatchObject({ jobId: job.id, record: { seconds: 1 } });
  // Who comes late hears how it ended, at once; who has heard it all hears nothing more.
  const late = await follow(job.id);
  expect(late.map(({ event }) => event)).toEqual(["take", "job"]);
  expect(await follow(job.id, ids.at(-1))).toEqual([]);
  const read = jobSchema.parse(await (await server.ask(`/v1/jobs/${job.id}`)).json());
  expect(read).toMatchObject({ state: "done", takeIds: [take!.id] });
  const listed = (await (await server.ask("/v1/takes")).json()) as { takes: unknown[] };
  expect(listed.takes).toHaveLength(1);
  const record = await (await server.ask(`/v1/takes/${take!.id}/record`)).json();
  expect(record).toEqual(take!.record);
  expect(await problemOf(await server.post(`/v1/takes/${take!.id}/video`, {}))).toEqual([404, "not_found", undefined]);
});

test("one key, one job: fifty at once, again later, and never for another request", async () => {
  const before = server.jobs.jobs().length;
  const key = { "idempotency-key": "of this one request" };
  const request = { ...rain, seed: 7 };
  const answers = await Promise.all(Array.from({ length: 50 }, () => server.post("/v1/jobs", request, key)));
  const ids = new Set(await Promise.all(answers.map(async (answer) => ((await answer.json()) as JobResource).id)));
  expect([...new Set(answers.map(({ status }) => status))]).toEqual([202]);
  expect(ids.size).toBe(1);
  expect(server.jobs.jobs().length).toBe(before + 1);
  expect(await problemOf(await server.post("/v1/jobs", { ...request, seed: 8 }, key))).toEqual([
    422,
    "key_reused",
    undefined,
  ]);
  for (const bad of ["", "x".repeat(101), "tab\tin it"]) {
    const answer = await server.post("/v1/jobs", request, { "idempotency-key": bad });
    expect([bad, ...(await problemOf(answer))]).toEqual([bad, 400, "bad_request", undefined]);
  }
  const [id] = ids;
  // With an empty object, or with nothing.
  const cancel = (init?: RequestInit) => server.ask(`/v1/jobs/${id}/cancel`, { method: "POST", ...init });
  const empty = { headers: { "content-type": "application/json" }, body: "{}" };
  expect(await (await cancel(empty)).json()).toMatchObject({ id, state: "cancelled" });
  expect(await (await cancel()).json()).toMatchObject({ id, state: "cancelled" });
});

test("a running job is cancelled; its events end with that", async () => {
  const { id } = (await (
    await server.post("/v1/jobs", { ...rain, toTicks: String(60n * TICKS_PER_SECOND) })
  ).json()) as JobResource;
  const following = follow(id);
  while (server.jobs.job(id).state === "queued") await new Promise((settle) => setTimeout(settle, 10));
  expect(await (await server.post(`/v1/jobs/${id}/cancel`, {})).json()).toMatchObject({ state: "cancelled" });
  expect(stateOf((await following).at(-1)!)).toBe("cancelled");
});

const hit = { time: 0.5, strength: 1, confidence: 1, x: 0, sound: null };
test.each<[string, unknown, number, string, string?]>([
  ["in after out", { video: SAMPLE, fromTicks: second, toTicks: "0" }, 422, "empty_range"],
  ["in at out", { video: SAMPLE, fromTicks: second, toTicks: second }, 422, "empty_range"],
  ["out past the end", { video: SAMPLE, toTicks: String(100n * TICKS_PER_SECOND) }, 422, "range_outside_clip"],
  ["301 s", { prompt: "rain", toTicks: String(301n * TICKS_PER_SECOND) }, 422, "too_long"],
  ["negative in", { video: SAMPLE, fromTicks: "-1" }, 422, "bad_value", "fromTicks"],
  ["ticks as a number", { video: SAMPLE, fromTicks: 1 }, 422, "bad_value", "fromTicks"],
  ["neither picture nor length", { prompt: "rain" }, 422, "bad_time"],
  ["an event before in", { video: SAMPLE, events: [{ ...hit, time: -0.2 }] }, 422, "bad_value"],
  ["an event past out", { video: SAMPLE, toTicks: second, events: [hit, { ...hit, time: 1 }] }, 422, "bad_value"],
  ["an event on no clock", { video: SAMPLE, events: [{ ...hit, time: "0.5" }] }, 422, "bad_value", "events.0.time"],
  ["no such file", { video: "/nowhere/x.mp4" }, 404, "not_found"],
  ["unknown model", { video: SAMPLE, model: "nope" }, 404, "unknown_model"],
  ["a path as model", { video: SAMPLE, model: "../../etc" }, 404, "unknown_model"],
  ["seed too large", { ...rain, seed: 2 ** 32 }, 422, "bad_value", "seed"],
  ["seed as text", { ...rain, seed: "1" }, 422, "bad_value", "seed"],
  ["no steps", { ...rain, steps: 0 }, 422, "bad_value", "steps"],
  ["a million steps", { ...rain, steps: 1e6 }, 422, "bad_value", "steps"],
  ["1e308", { ...rain, guidance: 1e308 }, 422, "bad_value", "guidance"],
  ["a null", { ...rain, lufs: null }, 422, "bad_value", "lufs"],
  ["501 code points", { ...rain, prompt: "x".repeat(501) }, 422, "bad_prompt", "prompt"],
  ["500 kB of words", { ...rain, prompt: "x".repeat(500_000) }, 422, "bad_prompt", "prompt"],
  ["a control character", { ...rain, prompt: "rain\u001b[31m" }, 422, "bad_prompt", "prompt"],
  ["a line break", { ...rain, prompt: "rain\r\nlevel=fatal" }, 422, "bad_prompt", "prompt"],
  ["nothing but zero width", { ...rain, prompt: "\u200b\u200d" }, 422, "bad_prompt", "prompt"],
  ["nothing but combining marks", { ...rain, prompt: "\u0301\u0308" }, 422, "bad_prompt", "prompt"],
  ["an unknown field", { ...rain, promt: "rain" }, 422, "bad_value", "the body"],
  ["an array", [rain], 422, "bad_value", "the body"],
  ["a text", "rain", 422, "bad_value", "the body"],
  ["priority beyond", { ...rain, priority: 11 }, 422, "bad_value", "priority"],
])("refused before it is queued: %s", async (_, body, status, code, field) => {
  const before = server.jobs.jobs().length;
  expect(await problemOf(await server.post("/v1/jobs", body))).toEqual([status, code, field]);
  expect(server.jobs.jobs().length).toBe(before);
});

test("odd JSON is refused or means what it says, and nobody's prototype changes", async () => {
  const send = (body: string) =>
    server.ask("/v1/jobs", { method: "POST", headers: { "content-type": "application/json" }, body });
  const deep = `${"[".repeat(10_000)}${"]".repeat(10_000)}`;
  for (const body of [
    '{"__proto__":{"prompt":"x"},"toTicks":"1"}',
    '{"constructor":{"prototype":{"x":1}},"toTicks":"1"}',
    `{"prompt":${deep}}`,
    deep,
    '{"prompt":"\\ud800","toTicks":"254016000000"}',
    '{"guidance":NaN}',
    '{"guidance":Infinity}',
    "\u0000",
  ]) {
    const [status] = await problemOf(await send(body));
    expect([body.slice(0, 40), [400, 422].includes(Number(status))]).toEqual([body.slice(0, 40), true]);
  }
  expect(({} as Record<string, unknown>).prompt).toBeUndefined();
  expect(await problemOf(await send('\uFEFF{"seed":-1}'))).toEqual([422, "bad_value", "seed"]);
});

test("ids that are none are not there, however they look", async () => {
  for (const id of ["x", "..", "%2e%2e%2f%2e%2e", "%00", "'%20OR%201=1", "😀", "x".repeat(5000)]) {
    for (const path of [`/v1/jobs/${id}`, `/v1/takes/${id}/audio`, `/v1/takes/${id}/peaks`, `/v1/media/${id}`]) {
      const answer = await server.ask(path);
      expect([path.slice(0, 60), answer.status]).toEqual([path.slice(0, 60), 404]);
    }
  }
  expect(await problemOf(await server.ask("/v1/jobs/%E0%A4%A"))).toEqual([400, "bad_request", undefined]);
});

test("health tells what there is, models what is installed, doctor what is missing", async () => {
  expect(await (await server.ask("/v1/health")).json()).toMatchObject({ ok: true, apiVersions: ["1"], running: 0 });
  const { models } = (await (await server.ask("/v1/models")).json()) as { models: { id: string }[] };
  expect(models.map(({ id }) => id)).toContain("foley-mini");
  const both = await Promise.all([1, 2].map(async () => (await server.ask("/v1/doctor")).json()));
  expect(both[0]).toEqual(both[1]);
  expect(both[0]).toMatchObject({
    ok: true,
    checks: expect.arrayContaining([expect.objectContaining({ name: "ffmpeg" })]),
  });
});
