import { readdirSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, Frame, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { findChromium, launchChromium } from "../support/browser.ts";
import { SAMPLE, tempFolder } from "../support/cli.ts";
import { type ServerHere, serveHere } from "../support/server.ts";

/**
 * Pages of others in a real browser, by every way a page has to reach a server on this machine: nothing happens there and
 * nothing is learnt. Beside them the panel's own page on disk, with the key: the same ways work.
 */

const executable = findChromium();
const why = process.env.FOLEY_NO_CHROMIUM ?? "no Chromium on PATH";
const REBOUND = "rebound.example";

let server: ServerHere;
let browser: Browser;
let elsewhere: Server;
let takeId: string;
let media: string;
beforeAll(async () => {
  server = await serveHere({ limits: { wrongKeysPerMinute: 100_000 } });
  // A page of another origin, which also serves as the page of a name that is rebound to this machine.
  elsewhere = createServer((_request, response) => {
    response.setHeader("content-type", "text/html").end("<!doctype html><title>elsewhere</title><body></body>");
  });
  await new Promise<void>((ready) => elsewhere.listen(0, "127.0.0.1", ready));
  if (!executable) return;
  browser = await launchChromium(executable, [
    `--host-resolver-rules=MAP ${REBOUND} 127.0.0.1, MAP elsewhere.example 127.0.0.1`,
    "--disable-features=LocalNetworkAccessChecks,BlockInsecurePrivateNetworkRequests",
  ]);
  const client = await server.connect();
  const job = await client.call("jobs.create", { key: "a", request: { prompt: "rain", toTicks: "254016000000" } });
  while (server.jobs.job(job.id).state !== "done") await new Promise((settle) => setTimeout(settle, 20));
  takeId = server.jobs.job(job.id).takeIds[0]!;
  ({ media } = await client.call("clips.open", { path: SAMPLE }));
  client.close();
}, 120_000);
afterAll(async () => {
  await browser?.close();
  elsewhere.close();
  await server.close();
});

let seq: number;
beforeEach(() => {
  seq = server.jobs.seq;
});
/** No job, no mark, no file has come or gone. */
afterEach(() => {
  expect(server.jobs.jobs()).toHaveLength(executable ? 1 : 0);
  expect(server.jobs.seq).toBe(seq);
  expect(readdirSync(join(server.dataFolder, "uploads"))).toEqual([]);
});

interface Attempt {
  readonly origin: string;
  readonly token: string;
  readonly takeId: string;
  readonly media: string;
}
/** What a page got to see of each way it tried. */
type Seen = Record<string, string | number>;

/** Runs in the page. */
async function attack({ origin, token, takeId }: Attempt): Promise<Seen> {
  const seen: Seen = {};
  const withKey: Record<string, string> = token === "" ? {} : { authorization: `Bearer ${token}` };
  const job = JSON.stringify({ prompt: "rain", toTicks: "254016000000" });
  const json = { "content-type": "application/json" };
  const ask = async (name: string, path: string, init: RequestInit): Promise<void> => {
    seen[name] = await fetch(origin + path, init).then(
      (answer) => answer.status,
      () => "blocked",
    );
  };
  await ask("read jobs", "/v1/jobs", { headers: withKey });
  await ask("read jobs, plain", "/v1/jobs", {});
  await ask("read jobs, no-cors", "/v1/jobs", { mode: "no-cors", credentials: "include" });
  await ask("create as JSON", "/v1/jobs", { method: "POST", headers: { ...json, ...withKey }, body: job });
  await ask("create as text", "/v1/jobs", { method: "POST", headers: { "content-type": "text/plain" }, body: job });
  await ask("create, no-cors", "/v1/jobs", { method: "POST", mode: "no-cors", body: job });
  await ask("create, beacon type", "/v1/jobs", {
    method: "POST",
    mode: "no-cors",
    body: new Blob([job], { type: "application/json" }),
  });
  await ask("upload", "/v1/uploads", { method: "POST", mode: "no-cors", body: new Blob(["x".repeat(1000)]) });
  await ask("upload with type", "/v1/uploads", {
    method: "POST",
    headers: { "content-type": "video/mp4", ...withKey },
    body: "x".repeat(1000),
  });
  await ask("mark", `/v1/takes/${takeId}`, {
    method: "PATCH",
    headers: { ...json, ...withKey },
    body: '{"hearted":true}',
  });
  await ask("remove", `/v1/takes/${takeId}`, { method: "DELETE", headers: withKey });
  await ask("cancel", "/v1/jobs/x/cancel", { method: "POST", headers: { ...json, ...withKey }, body: "{}" });
  seen.beacon = String(navigator.sendBeacon(`${origin}/v1/jobs`, job)) && "sent";

  const element = (tag: "img" | "audio" | "video" | "script", path: string): Promise<string> =>
    new Promise((settle) => {
      const one = document.createElement(tag);
      one.onload = () => settle("loaded");
      one.onerror = () => settle("failed");
      Object.assign(one, { onloadedmetadata: () => settle("loaded") });
      one.src = origin + path;
      document.body.append(one);
    });
  seen.img = await element("img", "/v1/jobs");
  seen.audio = await element("audio", `/v1/takes/${takeId}/audio`);
  seen.video = await element("video", "/v1/media/guessed");
  seen.script = await element("script", "/v1/openapi.json");

  const form = (type: string): Promise<void> =>
    new Promise((settle) => {
      const target = document.createElement("iframe");
      target.name = `target-${type}`;
      const one = document.createElement("form");
      Object.assign(one, { method: "POST", action: `${origin}/v1/jobs`, enctype: type, target: target.name });
      const field = document.createElement("input");
      Object.assign(field, { name: job.slice(0, -1), value: "}" });
      one.append(field);
      document.body.append(target, one);
      target.onload = () => settle();
      setTimeout(settle, 500);
      one.submit();
    });
  for (const type of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"]) await form(type);

  const socket = (path: string, protocol: string): Promise<string> =>
    new Promise((settle) => {
      const one = new WebSocket(`${origin.replace(/^http/, "ws")}${path}`, protocol);
      const heard: string[] = [];
      one.onopen = () => {
        // Without the proof: anything at all.
        one.send(
          JSON.stringify({
            jsonrpc: "2.0",
            id: 1,
            method: "jobs.create",
            params: { key: "k", request: JSON.parse(job) },
          }),
        );
      };
      one.onmessage = ({ data }) => heard.push(JSON.parse(data).method ?? "answer");
      one.onclose = ({ code }) => settle(`${code} after ${heard.join() || "nothing"}`);
    });
  seen.socket = await socket("/v1/socket", "foley.v1");
  return seen;
}

const REFUSED = /^(blocked|401|403|415|421|failed|sent)$/;
/** Nothing of it got through: no answer that says yes, no element that loads, no socket beyond a greeting. */
function expectNothing(seen: Seen): void {
  expect(Object.keys(seen).length).toBeGreaterThan(17);
  for (const [way, result] of Object.entries(seen)) {
    // A `no-cors` answer is one that the page cannot look into.
    if (way.includes("no-cors") || way === "create, beacon type" || way === "upload") {
      expect([way, /^(0|blocked|401|403|415|421)$/.test(String(result))], String(result)).toEqual([way, true]);
    } else if (way === "socket") expect(result).toMatch(/^(1006 after nothing|4401 after session\.hello)$/);
    else expect([way, REFUSED.test(String(result))], String(result)).toEqual([way, true]);
  }
}

const details = (token: string, origin = server.origin): Attempt => ({ origin, token, takeId, media });

async function onPage<T>(url: string, use: (page: Page) => Promise<T>): Promise<T> {
  const page = await browser.newPage();
  try {
    await page.goto(url);
    return await use(page);
  } finally {
    await page.close();
  }
}

/** Adds a frame to a page and waits for it. */
async function frameIn(page: Page, attributes: Record<string, string>): Promise<Frame> {
  const handle = await page.evaluateHandle((attributes) => {
    const frame = document.createElement("iframe");
    for (const [name, value] of Object.entries(attributes)) frame.setAttribute(name, value);
    document.body.append(frame);
    return new Promise<HTMLIFrameElement>((settle) => {
      frame.onload = () => settle(frame);
    });
  }, attributes);
  return (await handle.asElement()!.contentFrame())!;
}

const away = (name = "127.0.0.1"): string => `http://${name}:${(elsewhere.address() as AddressInfo).port}/`;
const html = "<!doctype html><body></body>";
const file = (): string => {
  const path = join(tempFolder(), "page.html");
  writeFileSync(path, html);
  return String(pathToFileURL(path));
};

/** Wrong, or the right one: even who holds it is kept out by his origin. */
const KEYS = ["", "wrong", "right"] as const;
const secret = (key: (typeof KEYS)[number]): string => (key === "right" ? server.token : key);

test.for(KEYS)("a page of another origin, key: '%s'", { timeout: 60_000 }, async (key, { skip }) => {
  if (!executable) skip(why);
  expectNothing(await onPage(away(), (page) => page.evaluate(attack, details(secret(key)))));
  expectNothing(await onPage(away("elsewhere.example"), (page) => page.evaluate(attack, details(secret(key)))));
});

test.for(["", "wrong"] as const)(
  "its sandboxed and its data: frame, whose origin is that of a page on disk, key: '%s'",
  { timeout: 60_000 },
  async (key, { skip }) => {
    if (!executable) skip(why);
    for (const attributes of [
      { sandbox: "allow-scripts allow-forms", srcdoc: html },
      { src: `data:text/html,${encodeURIComponent(html)}` },
    ]) {
      expectNothing(
        await onPage(away(), async (page) => (await frameIn(page, attributes)).evaluate(attack, details(secret(key)))),
      );
    }
  },
);

test.for(["", "wrong"] as const)("a page on disk without the key: '%s'", { timeout: 60_000 }, async (key, { skip }) => {
  if (!executable) skip(why);
  expectNothing(await onPage(file(), (page) => page.evaluate(attack, details(secret(key)))));
});

test.for(KEYS)("a name that is rebound to this machine, key: '%s'", { timeout: 60_000 }, async (key, { skip }) => {
  if (!executable) skip(why);
  // The page comes from that name, and so does the address it asks: to the browser they are of one origin.
  const rebound = `http://${REBOUND}:${server.port}`;
  const seen = await onPage("about:blank", async (page) => {
    await page.route(`${rebound}/`, (route) => route.fulfill({ contentType: "text/html", body: html }));
    await page.goto(`${rebound}/`);
    return page.evaluate(attack, details(secret(key), rebound));
  });
  expect(seen["read jobs"]).toBe(421);
  expectNothing(seen);
});

test("no page may frame the panel, nor a page of data be run", { timeout: 60_000 }, async ({ skip }) => {
  if (!executable) skip(why);
  await onPage(away(), async (page) => {
    const frame = await frameIn(page, { src: `${server.origin}/` });
    expect(
      await frame
        .locator("#root")
        .count()
        .catch(() => 0),
    ).toBe(0);
  });
});

test("the panel's page on disk, with the key, reads and hears; its video plays", { timeout: 60_000 }, async ({
  skip,
}) => {
  if (!executable) skip(why);
  const seen = await onPage(file(), (page) =>
    page.evaluate(async ({ origin, token, media, takeId }) => {
      const read = await fetch(`${origin}/v1/jobs`, { headers: { authorization: `Bearer ${token}` } });
      const part = await fetch(`${origin}/v1/takes/${takeId}/audio`, {
        headers: { authorization: `Bearer ${token}`, range: "bytes=0-3" },
      });
      const width = await new Promise<number>((settle) => {
        const video = document.createElement("video");
        video.onloadedmetadata = () => settle(video.videoWidth);
        video.onerror = () => settle(0);
        video.src = origin + media;
      });
      const greeting = await new Promise<string>((settle) => {
        const one = new WebSocket(`${origin.replace("http", "ws")}/v1/socket`, "foley.v1");
        one.onmessage = ({ data }) => settle(JSON.parse(data).method);
        one.onclose = () => settle("closed");
      });
      return { read: read.status, part: await part.text(), width, greeting, tag: part.headers.get("etag") !== null };
    }, details(server.token)),
  );
  expect(seen).toEqual({ read: 200, part: "RIFF", width: 768, greeting: "session.hello", tag: true });
});
