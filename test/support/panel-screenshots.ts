// `npm run screenshots`: the panel in every view and state, dark and light, 280 and 600 px wide, into screenshots/.
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Browser, Page } from "playwright-core";
import { findChromium, launchChromium } from "./browser.ts";
import {
  axeFindings,
  chosenWave,
  dragOver,
  firstPaint,
  openByPath,
  serve,
  slowestInteraction,
  takes,
} from "./panel.ts";
import { openInPremiere } from "./premiere/in-chromium.ts";
import { lay, scene, TIMEBASE } from "./premiere/scene.ts";

const folder = resolve(import.meta.dirname, "../../screenshots");
const sample = resolve(import.meta.dirname, "../fixtures/walk-wood-floor.mp4");
const tab = (page: Page, name: string): Promise<void> => page.getByRole("tab", { name }).click();

const ALL = [
  [280, "dark"],
  [600, "dark"],
  [280, "light"],
  [600, "light"],
] as const;

async function shoot(
  page: Page,
  name: string,
  ways: readonly (readonly [number, "dark" | "light"])[] = ALL,
): Promise<void> {
  for (const [width, colorScheme] of ways) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width, height: 800 });
    // Frame strips and waveforms are drawn anew after a change of width or colour.
    if (ways === ALL) await page.waitForTimeout(500);
    await page.screenshot({ path: join(folder, `${name}-${colorScheme}-${width}.png`), fullPage: true });
  }
  const findings = await axeFindings(page);
  if (findings.length > 0) console.log(findings.map((finding) => `  axe: ${finding}`).join("\n"));
  console.log(name);
}

/** One of the pictures of README and docs/tour.md; copied there by hand when the panel has changed. */
async function picture(page: Page, name: string, width: number, height: number): Promise<void> {
  await page.emulateMedia({ colorScheme: "dark" });
  await page.setViewportSize({ width, height });
  await page.waitForTimeout(700);
  await page.screenshot({ path: join(folder, `${name}.png`) });
}

const generateButton = (page: Page) => page.getByRole("button", { name: "Generate Foley" });
const more = (page: Page) => page.locator("details.more > summary");

async function takesAre(page: Page, count: number): Promise<void> {
  await takes(page)
    .nth(count - 1)
    .waitFor({ timeout: 120_000 });
}

/** The way of a first day: nothing, a clip, a job, takes, a part, an event, the other views, a mistake, a stopped engine. */
async function walk(browser: Browser, data: string): Promise<void> {
  const server = await serve(data);
  // On a screen no wider than a telephone's, Spectrum's menus open from below.
  const page = await browser.newPage();
  await page.addInitScript(() => Object.defineProperty(screen, "width", { get: () => 1920 }));
  await page.goto(server.url);
  await page.getByText("No picture yet").waitFor();
  console.log(`first paint ${await firstPaint(page)} ms after navigation`);
  await shoot(page, "01-empty");
  await tab(page, "Jobs");
  await shoot(page, "02-no-jobs");
  await tab(page, "Cue");
  await openByPath(page, sample);
  await page.getByRole("group", { name: "Words that the picture suggests" }).waitFor({ timeout: 30_000 });
  await shoot(page, "03-clip-first-run");
  await more(page).click();
  await shoot(page, "04-more");
  await more(page).click();
  await page.setViewportSize({ width: 600, height: 900 });
  await generateButton(page).click();
  await page.getByTestId("running").waitFor();
  console.log(`interaction while a job runs: ${await slowestInteraction(page)} ms at the slowest`);
  await shoot(page, "05-running", [[600, "dark"]]);
  await takesAre(page, 1);
  await page.getByRole("textbox", { name: "What is to be heard" }).fill("footsteps on a wooden floor, slow");
  await generateButton(page).click();
  await takesAre(page, 2);
  await shoot(page, "06-takes");
  await dragOver(page, chosenWave(page), 0.3, 0.6);
  await page.getByTestId("events").getByRole("button").nth(2).click();
  await page.getByRole("button", { name: "Place under the picture" }).click();
  await page.getByRole("button", { name: "Favourite", exact: true }).first().click();
  await shoot(page, "07-part-event-placed");
  await page.getByRole("button", { name: "Close" }).click();
  await page.getByTestId("scrubber").click({ position: { x: 110, y: 8 } });
  await page.mouse.move(5, 5);
  await picture(page, "panel", 940, 800);
  await page.setViewportSize({ width: 600, height: 900 });
  await page.waitForTimeout(500);
  await page.locator(".take.selected").screenshot({ path: join(folder, "tour-take.png") });
  await page.keyboard.press("r");
  await page.getByRole("group", { name: "Versions" }).waitFor({ timeout: 120_000 });
  await shoot(page, "08-versions");
  await generateButton(page).click();
  await page.getByRole("button", { name: "Cancel" }).first().click();
  for (const [number, view] of ["Takes", "Jobs", "Models", "Settings"].entries()) {
    await tab(page, view);
    await shoot(page, `${String(9 + number).padStart(2, "0")}-${view.toLowerCase()}`);
  }
  await page.getByRole("button", { name: /Language/ }).click();
  await page.getByRole("option", { name: "中文" }).click();
  await page.getByRole("tab").first().click();
  await shoot(page, "13-chinese");
  await page.evaluate(() => localStorage.setItem("foley.language", '"en"'));
  await page.reload();
  await takesAre(page, 1);
  await page.getByRole("textbox", { name: "or type its path" }).fill("/nowhere/clip.mp4");
  await page.keyboard.press("Enter");
  await page.getByTestId("notice").waitFor();
  await shoot(page, "14-error");
  await page.getByRole("button", { name: "Close" }).click();
  await page.keyboard.press("Escape");
  await rest(page);
  await page.keyboard.press("?");
  await shoot(page, "15-keys");
  await page.keyboard.press("?");
  await server.stop();
  await page.getByTestId("down").waitFor({ timeout: 20_000 });
  await shoot(page, "16-engine-stopped");
  await page.close();
}

/** The same panel in Premiere's double: its states of selecting, rendering, placing and refusing. */
async function walkInPremiere(browser: Browser, folder: string): Promise<void> {
  const at = scene({}, { timebase: TIMEBASE["25"], zeroPoint: 90_000 * TIMEBASE["25"], name: "Reel 2" }, folder);
  const data = join(folder, "data");
  const { page, dialog } = await openInPremiere(browser, at, data);
  const select = async (): Promise<void> => {
    await page.evaluate(() => window.dispatchEvent(new Event("focus")));
    await page.waitForTimeout(600);
  };
  await page.getByTestId("down").waitFor({ timeout: 30_000 });
  await shoot(page, "20-premiere-no-engine");
  const server = await serve(data);
  await page.getByRole("button", { name: "Connect again" }).click();
  await page.getByText("foley-mini").first().waitFor();
  await shoot(page, "21-premiere-nothing-selected");
  const source = { path: sample, fps: 10 };
  const clip = lay(at, "Video", 0, [250, 400], { in: 25 * at.sequence.timebase, name: "walk", item: source });
  lay(at, "Audio", 0, [0, 1000], { name: "dialogue" });
  clip.selected = true;
  await select();
  await page.waitForTimeout(3000);
  await shoot(page, "22-premiere-clip");
  const second = lay(at, "Video", 0, [450, 500], { name: "door", selected: true });
  await select();
  await shoot(page, "23-premiere-two-clips");
  second.selected = false;
  await select();
  await generateButton(page).click();
  await takesAre(page, 1);
  await page.keyboard.press("Enter");
  await page.getByTestId("notice").waitFor();
  await shoot(page, "24-premiere-placed");
  await generateButton(page).click();
  await takesAre(page, 2);
  clip.start += 10 * at.sequence.timebase;
  await rest(page);
  await page.keyboard.press("Enter");
  await page.getByRole("alert").waitFor();
  await shoot(page, "25-premiere-clip-moved");
  await picture(page, "tour-premiere", 340, 640);
  dialog.open();
  await page.getByRole("button", { name: "Place again" }).click();
  await page.getByTestId("host-busy").waitFor({ timeout: 10_000 });
  await shoot(page, "26-premiere-busy");
  dialog.close();
  await page.close();
  await server.stop();
}

/** Nothing has the focus, so that keys are the panel's. */
const rest = (page: Page): Promise<void> =>
  page.evaluate(() => (document.activeElement instanceof HTMLElement ? document.activeElement.blur() : undefined));

const executable = findChromium();
if (!executable) throw new Error("no Chromium: install it, or name it in FOLEY_CHROMIUM");
mkdirSync(folder, { recursive: true });
const data = mkdtempSync(join(tmpdir(), "foley-screenshots-"));
const browser = await launchChromium(executable);
try {
  const only = process.argv[2];
  if (only !== "premiere") await walk(browser, join(data, "browser"));
  if (only !== "browser") await walkInPremiere(browser, join(data, "premiere"));
} finally {
  await browser.close();
  rmSync(data, { recursive: true, force: true });
}
console.log(`in ${folder}`);
