import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { type JobResource, TICKS_PER_SECOND } from "../../local-server/protocol/index.ts";
import { makeWithFfmpeg } from "../support/clips.ts";
import { serve } from "../support/panel.ts";

const data = mkdtempSync(join(tmpdir(), "foley-loop-"));
afterAll(() => rmSync(data, { recursive: true, force: true }));

/** The figures are printed, not held: how long a machine takes is its own affair. */
test("a five-minute take is made, hashed and drawn, a five-minute clip muxed, while the server answers on", {
  timeout: 300_000,
}, async () => {
  const clip = join(data, "long.mp4");
  await makeWithFfmpeg(
    "-f",
    "lavfi",
    "-i",
    "testsrc=s=320x180:r=25:d=300",
    "-c:v",
    "libx264",
    "-preset",
    "ultrafast",
    clip,
  );
  const running = await serve(data);
  const { origin, hash } = new URL(running.url);
  const key = { authorization: `Bearer ${new URLSearchParams(hash.slice(1)).get("token")}` };
  const ask = (path: string, init: RequestInit = {}) =>
    fetch(origin + path, { ...init, headers: { ...key, ...init.headers } });
  const post = (path: string, body: unknown) =>
    ask(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  const waits: number[] = [];
  let isOver = false;
  const asking = (async () => {
    while (!isOver) {
      const start = performance.now();
      expect((await ask("/v1/jobs")).status).toBe(200);
      waits.push(performance.now() - start);
      await new Promise((settle) => setTimeout(settle, 50));
    }
  })();
  try {
    const make = async (request: object): Promise<string> => {
      const { id } = (await (
        await post("/v1/jobs", { guideStrength: 0, prompt: "steady rain", ...request })
      ).json()) as JobResource;
      await (await ask(`/v1/jobs/${id}/events`)).text();
      const { error, takeIds } = (await (await ask(`/v1/jobs/${id}`)).json()) as JobResource;
      expect(error).toBeNull();
      return `/v1/takes/${takeIds[0]}`;
    };
    const long = await make({ toTicks: String(300n * TICKS_PER_SECOND) });
    const seen = await make({ video: clip, toTicks: String(2n * TICKS_PER_SECOND) });
    const [audio, peaks, video] = await Promise.all([
      ask(`${long}/audio`),
      ask(`${long}/peaks`),
      post(`${seen}/video`, {}),
    ]);
    expect([audio.status, peaks.status, video.status]).toEqual([200, 200, 200]);
    expect((await audio.arrayBuffer()).byteLength).toBeGreaterThan(300 * 48_000 * 6);
    expect((await peaks.arrayBuffer()).byteLength).toBe(1200 * 2 * 4);
    expect((await video.arrayBuffer()).byteLength).toBeGreaterThan(100_000);
    isOver = true;
    await asking;
    const { loopDelay_ms: delay } = (await (await ask("/v1/health")).json()) as {
      loopDelay_ms: Record<string, number>;
    };
    waits.sort((a, b) => a - b);
    const at = (share: number): string => waits[Math.floor(share * (waits.length - 1))]!.toFixed(0);
    console.log(
      `thread of the server: p50 ${delay.p50!.toFixed(0)}, p99 ${delay.p99!.toFixed(0)}, most ${delay.max!.toFixed(0)} ms; ` +
        `${waits.length} answers meanwhile: p50 ${at(0.5)}, p99 ${at(0.99)}, most ${at(1)} ms; load ${loadavg()[0]!.toFixed(1)} on ${availableParallelism()} cores`,
    );
  } finally {
    isOver = true;
    await running.stop();
  }
});
