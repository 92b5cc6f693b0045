import { spawn } from "node:child_process";
import { resolve } from "node:path";
import axe from "axe-core";
import type { Locator, Page } from "playwright-core";

const root = resolve(import.meta.dirname, "../..");

export interface RunningServer {
  /** The address to open, with what the page needs to be let in. */
  readonly url: string;
  readonly pid: number;
  stop(signal?: NodeJS.Signals): Promise<void>;
}

/** The real server as `foley serve` starts it, on a free port, with a data folder of its own. */
export function serve(dataFolder: string, ...args: string[]): Promise<RunningServer> {
  const main = resolve(root, "local-server/src/main.ts");
  const child = spawn(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", main, "serve", "--port", "0", ...args],
    {
      env: { ...process.env, FOLEY_DATA: dataFolder },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  const ended = new Promise<void>((settle) => child.once("exit", () => settle()));
  const stop = async (signal: NodeJS.Signals = "SIGTERM"): Promise<void> => {
    child.kill(signal);
    await ended;
  };
  return new Promise((settle, fail) => {
    let said = "";
    const hear = (data: Buffer): void => {
      said += data;
      const url = /https?:\/\/\S+/.exec(said)?.[0];
      if (url && child.pid !== undefined) settle({ url, pid: child.pid, stop });
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    void ended.then(() => fail(new Error(`the server ended before it said its address:\n${said}`)));
  });
}

/** Each finding of axe as one line: what is wrong, and where. */
export async function axeFindings(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const findings: { id: string; target: string; help: string }[] = await page.evaluate(`axe.run(document, {
    resultTypes: ["violations"], runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]
  }).then(({ violations }) => violations.flatMap(({ id, help, nodes }) => nodes.map((node) => ({ id, help, target: String(node.target) }))))`);
  return findings.map(({ id, target, help }) => `${id}: ${help} (${target})`);
}

/** Milliseconds from navigation to the first thing drawn. */
export const firstPaint = (page: Page): Promise<number> =>
  page.evaluate(() => Math.round(performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? -1));

/** Milliseconds from a press on a tab to the next picture, the slowest of ten. */
export async function slowestInteraction(page: Page): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < 10; round++) {
    const name = round % 2 === 0 ? "Jobs" : "Cue";
    const time = await page.evaluate(async (wanted) => {
      const button = [...document.querySelectorAll<HTMLElement>("[role=tab]")].find((tab) =>
        tab.textContent?.startsWith(wanted),
      );
      const start = performance.now();
      button?.click();
      await new Promise((settle) => requestAnimationFrame(() => requestAnimationFrame(settle)));
      return performance.now() - start;
    }, name);
    times.push(time);
  }
  return Math.round(Math.max(...times));
}

/** Opens a clip by its path, as a person types it. */
export async function openByPath(page: Page, path: string): Promise<void> {
  const field = page.getByRole("textbox", { name: "or type its path" });
  await field.fill(path);
  await field.press("Enter");
  await page.getByTestId("scrubber").waitFor();
}

export const takes = (page: Page): Locator => page.getByTestId("take");
/** The chosen take's waveform is drawn. */
export const chosenWave = (page: Page): Locator => page.locator("[data-testid=take].selected [data-testid=waveform]");

/** Drags over a fraction of an element's width. */
export async function dragOver(page: Page, element: Locator, from: number, to: number): Promise<void> {
  await element.scrollIntoViewIfNeeded();
  const box = await element.boundingBox();
  if (box === null) throw new Error("nothing to drag on");
  const y = box.y + box.height / 2;
  await page.mouse.move(box.x + box.width * from, y);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * (from + 0.02), y, { steps: 3 });
  await page.mouse.move(box.x + box.width * to, y, { steps: 6 });
  await page.mouse.up();
}
