import { createHash } from "node:crypto";
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { decodeWav } from "../../local-server/src/audio/wav.ts";
import { findChromium, launchChromium } from "../support/browser.ts";
import { SAMPLE } from "../support/cli.ts";
import {
  axeFindings,
  chosenWave,
  dragOver,
  firstPaint,
  openByPath,
  type RunningServer,
  serve,
  slowestInteraction,
  takes,
} from "../support/panel.ts";
import { engineOf } from "../support/processes.ts";

/** The panel in a real browser on the real server, engine and foley-mini, as a person without Premiere meets it. */

const executable = findChromium();
const why = process.env.FOLEY_NO_CHROMIUM ?? "no Chromium on PATH";
const data = mkdtempSync(join(tmpdir(), "foley-panel-"));
const LONG = { timeout: 180_000 };
let browser: Browser;
let server: RunningServer;
let page: Page;
const complaints: string[] = [];

beforeAll(async () => {
  if (!executable) return;
  [server, browser] = await Promise.all([serve(data), launchChromium(executable)]);
  page = await browser.newPage({ viewport: { width: 600, height: 900 }, acceptDownloads: true });
  page.setDefaultTimeout(120_000);
  page.on("pageerror", (error) => complaints.push(error.message));
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await server?.stop();
  rmSync(data, { recursive: true, force: true });
});

const generate = () => page.getByRole("button", { name: "Generate Foley" });
const running = () => page.getByTestId("running");
const versions = () => page.getByRole("group", { name: "Versions" }).getByRole("button");
const tab = (name: string) => page.getByRole("tab", { name });

/** What the person gets on a press of a button. */
async function file(button: string): Promise<Buffer> {
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: button, exact: true }).click(),
  ]);
  return readFileSync(await download.path());
}
const samples = async (): Promise<Float32Array> => decodeWav(await file("WAV")).waveform.channels[0]!;
const hash = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

/** The page as somebody opens it who comes with the address that the server printed. */
async function visit(address: string): Promise<void> {
  // With another part behind the `#` alone the page would not be loaded anew.
  await page.goto("about:blank");
  await page.goto(address);
}
/** Nothing is found by axe, once colours have come to rest. */
const expectAccessible = () => expect.poll(() => axeFindings(page), { timeout: 20_000 }).toEqual([]);

async function jobStates(): Promise<string[]> {
  const url = new URL(server.url);
  const token = new URLSearchParams(url.hash.slice(1)).get("token");
  const answer = await fetch(new URL("/v1/jobs", url), { headers: { authorization: `Bearer ${token}` } });
  return ((await answer.json()) as { jobs: { state: string }[] }).jobs.map(({ state }) => state);
}

/** Asks for sound, and holds the engine still in the middle of the job. Returns the engine's pid. */
async function pressAndHold(): Promise<number> {
  const before = await engineOf(server.pid);
  if (before !== undefined) process.kill(before, "SIGSTOP");
  await generate().click();
  await expect.poll(jobStates, { timeout: 60_000, interval: 20 }).toContain("running");
  let engine = await engineOf(server.pid);
  while (engine === undefined) engine = await engineOf(server.pid);
  // An engine that was looking at the picture is stopped for the job, which gets a new one.
  if (engine !== before) process.kill(engine, "SIGSTOP");
  expect(await jobStates()).toContain("running");
  return engine;
}

/** Milliseconds of the server's slowest answer, asked again and again until something is over. */
async function slowestAnswer(over: Promise<unknown>): Promise<number> {
  let isOver = false;
  const end = over.finally(() => {
    isOver = true;
  });
  let slowest = 0;
  while (!isOver) {
    const asked_ms = performance.now();
    await (await fetch(new URL("/healthz", server.url))).text();
    slowest = Math.max(slowest, performance.now() - asked_ms);
    await new Promise((settle) => setTimeout(settle, 5));
  }
  await end;
  return Math.round(slowest);
}

/** All that was made so far, and what was done with it. */
async function expectAll(count: number): Promise<void> {
  await expect.poll(() => takes(page).count(), { timeout: 120_000 }).toBe(count);
  await takes(page)
    .last()
    .getByRole("button", { name: /^Take 1/ })
    .click();
  await expect.poll(() => versions().count()).toBe(3);
  await page.getByTestId("tracks").getByRole("button", { name: "A1" }).waitFor();
  await page.locator("[data-testid=take] [aria-label=Favourite][aria-pressed=true]").first().waitFor();
}

describe.skipIf(!executable)(`in Chromium (${executable ?? why})`, () => {
  test("the empty panel paints, and axe finds nothing", LONG, async () => {
    await visit(server.url);
    await page.getByText("No picture yet").waitFor();
    console.log(`first paint ${await firstPaint(page)} ms after navigation`);
    await expectAccessible();
  });

  test(
    "opened on a clip as npm start does: one press makes the sound, another plays it over the picture",
    LONG,
    async () => {
      await visit(`${server.url}&clip=${encodeURIComponent(SAMPLE)}`);
      await page.getByTestId("scrubber").waitFor();
      await generate().click();
      await running().waitFor();
      const answers = slowestAnswer(takes(page).first().waitFor());
      console.log(`interaction while a job runs: ${await slowestInteraction(page)} ms at the slowest`);
      console.log(`answer of the server while a job runs: ${await answers} ms at the slowest`);
      await page.getByRole("button", { name: "Play take 1 over the picture" }).click();
      await page.waitForFunction(() => document.querySelector("video")!.currentTime > 0.5);
      await page.keyboard.press("k");
      const at = await page.evaluate(() => document.querySelector("video")!.currentTime);
      await page.waitForTimeout(200);
      expect(await page.evaluate(() => document.querySelector("video")!.currentTime)).toBe(at);
      const { channels, sampleRate } = decodeWav(await file("WAV")).waveform;
      expect([sampleRate, channels.length]).toEqual([48_000, 2]);
      expect(channels[0]!.some((sample) => Math.abs(sample) > 0.01)).toBe(true);
      await expectAccessible();
    },
  );

  test(
    "a part dragged on the waveform is made anew: every sample outside it stays, and the version before is there",
    LONG,
    async () => {
      const before = await samples();
      await dragOver(page, chosenWave(page), 0.25, 0.5);
      const said = await page.getByText(/s marked: the rest stays/).textContent();
      const [from, to] = /([\d.]+)–([\d.]+)/.exec(said!)!.slice(1).map(Number) as [number, number];
      await page.keyboard.press("r");
      await expect.poll(() => versions().count(), { timeout: 120_000 }).toBe(2);
      const after = await samples();
      // The sentence rounds to hundredths.
      const [first, last] = [Math.floor((from - 0.01) * 48_000), Math.ceil((to + 0.01) * 48_000)];
      expect(after.subarray(0, first)).toEqual(before.subarray(0, first));
      expect(after.subarray(last)).toEqual(before.subarray(last));
      expect(after.subarray(first, last)).not.toEqual(before.subarray(first, last));
      await versions().first().click();
      expect(await samples()).toEqual(before);
      await versions().last().click();
    },
  );

  test("an event that is muted is performed again at once, and is no longer heard", LONG, async () => {
    const before = hash(await file("WAV"));
    await page.getByTestId("events").getByRole("button").first().focus();
    await page.keyboard.press("Delete");
    await expect.poll(() => versions().count(), { timeout: 120_000 }).toBe(3);
    expect(hash(await file("WAV"))).not.toBe(before);
  });

  test("placed under the picture, hearted, and delivered as MP4", LONG, async () => {
    await page.getByRole("button", { name: "Place under the picture" }).click();
    await page.getByText("Take placed on A1 at 00:00:00:00.").waitFor();
    await page.getByRole("button", { name: "Favourite", exact: true }).first().click();
    await page.locator("[data-testid=take] [aria-label=Favourite][aria-pressed=true]").first().waitFor();
    expect((await file("MP4 with picture")).subarray(4, 8).toString("latin1")).toBe("ftyp");
  });

  test("a job is cancelled, and the panel says so", LONG, async () => {
    const engine = await pressAndHold();
    const cancelled = running().getByRole("button", { name: "Cancel" }).click();
    process.kill(engine, "SIGCONT");
    await cancelled;
    await running().waitFor({ state: "detached" });
    await tab("Jobs").click();
    await page.getByText("cancelled").first().waitFor();
    await expectAccessible();
    await tab("Cue").click();
    expect(await takes(page).count()).toBe(1);
  });

  test(
    "the engine dies in the middle of a job: a new one ends it, and nothing is asked of the person",
    LONG,
    async () => {
      const engine = await pressAndHold();
      process.kill(engine, "SIGKILL");
      await expect.poll(() => takes(page).count(), { timeout: 120_000 }).toBe(2);
      expect(await page.getByTestId("notice").count()).toBe(0);
    },
  );

  test("the page loaded anew finds clip, takes, versions, marks and tracks", LONG, async () => {
    await page.reload();
    await expectAll(2);
  });

  test(
    "the server is killed in the middle of a job: started again it has them all, and ends the job",
    LONG,
    async () => {
      const engine = await pressAndHold();
      await server.stop("SIGKILL");
      process.kill(engine, "SIGKILL");
      await page.getByTestId("down").waitFor();
      await expectAccessible();
      server = await serve(data, "--port", new URL(server.url).port);
      await visit(server.url);
      await expectAll(3);
    },
  );

  test("while another clip is open, a job's take is shown over the clip that it was made for", LONG, async () => {
    const other = join(data, "other.mp4");
    copyFileSync(SAMPLE, other);
    await openByPath(page, other);
    await page.getByText("No takes of this clip yet").waitFor();
    await tab("Jobs").click();
    await page.getByRole("button", { name: "Show take" }).last().click();
    await page.locator("[data-testid=take].selected").waitFor();
    expect(await page.locator("video").getAttribute("aria-label")).toBe("walk-wood-floor.mp4");
    expect(await takes(page).count()).toBe(3);
  });

  test("whom the film must credit for the recordings of a take is shown and copied", LONG, async () => {
    await tab("Cue").click();
    await page.getByRole("textbox", { name: "What is to be heard" }).fill("door slam and wind");
    await generate().click();
    await expect.poll(() => takes(page).count(), { timeout: 120_000 }).toBe(4);
    await takes(page)
      .first()
      .getByRole("button", { name: /^Take 4/ })
      .click();
    await page.setViewportSize({ width: 280, height: 800 });
    await page
      .locator(".take.selected")
      .getByText(/To credit in the film: \d+$/)
      .click();
    const lines = await page.locator(".take.selected details li").allTextContents();
    expect(lines.length).toBeGreaterThan(1);
    for (const line of lines) expect(line).toMatch(/^.+, ".+" \(CC BY [34]\.0\)$/);
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    await page.getByRole("button", { name: "Copy credits" }).click();
    await page.getByText("Credits copied.").waitFor();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(lines.join("\n"));
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(280);
    await expectAccessible();
  });

  test.each(["Takes", "Models", "Settings"])(
    "%s has no axe finding in light either, nor scrolls sideways at 280 px",
    LONG,
    async (view) => {
      await page.emulateMedia({ colorScheme: "light" });
      await page.setViewportSize({ width: 280, height: 800 });
      await tab(view).click();
      await expectAccessible();
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(280);
    },
  );

  test("no script of the page failed", () => expect(complaints).toEqual([]));
});
