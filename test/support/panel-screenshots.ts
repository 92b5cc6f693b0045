// `npm run screenshots`: the panel in every view and state, dark and light, 280 and 600 px wide, into screenshots/.
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Browser, Page } from "playwright-core";
import { findChromium, launchChromium } from "./browser.ts";
import { chosenWave, dragOver, openByPath, serve, takes } from "./panel.ts";

const folder = resolve(import.meta.dirname, "../../screenshots");
const sample = resolve(import.meta.dirname, "../fixtures/walk-wood-floor.mp4");
const tab = (page: Page, name: string): Promise<void> => page.getByRole("tab", { name }).click();

async function shoot(page: Page, name: string): Promise<void> {
  for (const colorScheme of ["dark", "light"] as const) {
    await page.emulateMedia({ colorScheme });
    for (const width of [280, 600]) {
      await page.setViewportSize({ width, height: 800 });
      // Frame strips and waveforms are drawn anew after a change of width or colour.
      await page.waitForTimeout(500);
      await page.screenshot({ path: join(folder, `${name}-${colorScheme}-${width}.png`), fullPage: true });
    }
  }
  console.log(name);
}

/** The way of a first day: nothing, a clip, a job, takes, a part, an event, the other views, a mistake, a stopped engine. */
async function walk(browser: Browser, data: string): Promise<void> {
  const server = await serve(data);
  const page = await browser.newPage();
  await page.goto(server.url);
  await page.getByText("No picture yet").waitFor();
  await shoot(page, "01-empty");
  await tab(page, "Jobs");
  await shoot(page, "02-no-jobs");
  await tab(page, "Cue");
  await openByPath(page, sample);
  await shoot(page, "03-clip-first-run");
  await page.getByText("not wanted").click();
  await shoot(page, "04-more");
  await page.getByText("not wanted").click();
  const generate = page.getByRole("button", { name: "Generate Foley" });
  await generate.click();
  await page.getByTestId("running").waitFor();
  await page.screenshot({ path: join(folder, "05-running.png"), fullPage: true });
  await takes(page).first().waitFor({ timeout: 60_000 });
  await page.getByRole("textbox", { name: "What is to be heard" }).fill("footsteps on a wooden floor, slow");
  await generate.click();
  await page.waitForFunction(() => document.querySelectorAll("[data-testid=take]").length === 2, undefined, {
    timeout: 60_000,
  });
  await shoot(page, "06-takes");
  await dragOver(page, chosenWave(page), 0.3, 0.6);
  await page.getByTestId("events").getByRole("button").nth(2).click();
  await page.getByRole("button", { name: "Place under the picture" }).click();
  await page.getByRole("button", { name: "Favourite", exact: true }).first().click();
  await shoot(page, "07-part-event-placed");
  await generate.click();
  await page.getByRole("button", { name: "Cancel" }).first().click();
  for (const [number, view] of ["Takes", "Jobs", "Models", "Settings"].entries()) {
    await tab(page, view);
    await shoot(page, `${String(8 + number).padStart(2, "0")}-${view.toLowerCase()}`);
  }
  await page.getByRole("button", { name: /Language/ }).click();
  await page.getByRole("option", { name: "中文" }).click();
  await page.getByRole("tab").first().click();
  await shoot(page, "12-chinese");
  await page.evaluate(() => localStorage.setItem("foley.language", '"en"'));
  await page.reload();
  await takes(page).first().waitFor();
  await page.getByRole("textbox", { name: "or type its path" }).fill("/nowhere/clip.mp4");
  await page.keyboard.press("Enter");
  await page.getByTestId("notice").waitFor();
  await shoot(page, "13-error");
  await page.getByRole("button", { name: "Close" }).click();
  await page.keyboard.press("Escape");
  await page.evaluate(() =>
    document.activeElement instanceof HTMLElement ? document.activeElement.blur() : undefined,
  );
  await page.keyboard.press("?");
  await shoot(page, "14-keys");
  await page.keyboard.press("?");
  await server.stop();
  await page.getByTestId("down").waitFor({ timeout: 20_000 });
  await shoot(page, "15-engine-stopped");
}

const executable = findChromium();
if (!executable) throw new Error("no Chromium: install it, or name it in FOLEY_CHROMIUM");
mkdirSync(folder, { recursive: true });
const data = mkdtempSync(join(tmpdir(), "foley-screenshots-"));
const browser = await launchChromium(executable);
try {
  await walk(browser, data);
} finally {
  await browser.close();
  rmSync(data, { recursive: true, force: true });
}
console.log(`in ${folder}`);
