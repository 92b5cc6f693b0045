import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { findChromium, launchChromium } from "../support/browser.ts";
import { axeFindings, type RunningServer, serve } from "../support/panel.ts";
import { holdImport } from "../support/processes.ts";
import { publishedFolder } from "../support/published.ts";

/** A person brings the published weights in by the panel, with consent, uses them and takes them away. */

const executable = findChromium();
const why = process.env.FOLEY_NO_CHROMIUM ?? "no Chromium on PATH";
const data = mkdtempSync(join(tmpdir(), "foley-models-data-"));
const models = mkdtempSync(join(tmpdir(), "foley-models-"));
let browser: Browser;
let server: RunningServer;
let page: Page;

beforeAll(async () => {
  if (!executable) return;
  vi.stubEnv("FOLEY_MODELS", models);
  vi.stubEnv("FOLEY_PROVIDERS", "cpu");
  [server, browser] = await Promise.all([serve(data), launchChromium(executable)]);
  page = await browser.newPage({ viewport: { width: 280, height: 900 } });
  page.setDefaultTimeout(60_000);
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await server?.stop();
  vi.unstubAllEnvs();
  rmSync(data, { recursive: true, force: true });
  rmSync(models, { recursive: true, force: true });
});

const button = (name: string) => page.getByRole("button", { name, exact: true });
const field = (name: string) => page.getByRole("textbox", { name });
const expectAccessible = () => expect.poll(() => axeFindings(page), { timeout: 20_000 }).toEqual([]);
const expectNoOverflow = async () =>
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
/** For whoever wants to see it: a folder in FOLEY_PICTURES. */
const picture = async (name: string): Promise<void> => {
  if (process.env.FOLEY_PICTURES) await page.screenshot({ path: join(process.env.FOLEY_PICTURES, `${name}.png`) });
};

describe.skipIf(!executable)(`in Chromium (${executable ?? why})`, () => {
  test("the licence is asked for, refused where it grants nothing, and kept to", { timeout: 180_000 }, async () => {
    await page.goto(server.url);
    await page.getByRole("tab", { name: "Models" }).click();
    await field("Folder of the weights").fill(publishedFolder());
    await field("Name of the model").fill("tiny");
    await field("Country of use").fill("DE");
    await page.getByText("Germany: the licence grants nothing").waitFor();
    expect(await button("Licence and import…").isDisabled()).toBe(true);
    await expectAccessible();
    await expectNoOverflow();
    await picture("refused");

    await field("Country of use").fill("us");
    await button("Licence and import…").click();
    await page.getByRole("dialog").getByText("Tencent Hunyuan Community License").waitFor();
    expect(await button("Import").isDisabled()).toBe(true);
    await page.getByRole("checkbox").check();
    await expectAccessible();
    await picture("consent");
    await button("Import").click();
    await holdImport(server.pid);
    await page.getByTestId("importing").waitFor();
    await expectAccessible();
    await picture("importing");
    await button("Cancel the import").click();
    await page.getByText("The import of tiny was cancelled").waitFor();
    expect(readdirSync(models)).toEqual([]);

    // The folder and the name stand there still.
    await field("Country of use").fill("US");
    await button("Licence and import…").click();
    await page.getByRole("checkbox").check();
    await button("Import").click();
    await page.getByText("tiny is installed.").waitFor();
    await picture("installed");

    const tiny = page.getByTestId("model").filter({ hasText: "tencent-hunyuan-community" });
    await tiny.getByRole("button", { name: "Use" }).click();
    await tiny.getByText("In use").waitFor();
    await expectAccessible();
    await tiny.getByRole("button", { name: "Delete the model tiny" }).click();
    await page.getByRole("alertdialog").getByRole("button", { name: "Delete" }).click();
    await tiny.waitFor({ state: "detached" });
    await page.getByTestId("model").filter({ hasText: "foley-mini" }).getByText("In use").waitFor();
    expect(readdirSync(models)).toEqual([]);
  });
});
