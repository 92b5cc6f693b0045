import { spawnSync } from "node:child_process";
import { type Browser, chromium } from "playwright-core";

/** The Chromium that the set-up found (FOLEY_CHROMIUM), else one on PATH; undefined where none starts. */
export function findChromium(): string | undefined {
  const names = process.env.FOLEY_CHROMIUM ?? "chromium chromium-browser google-chrome";
  const paths = process.env.FOLEY_CHROMIUM ? [names] : names.split(" ").map(onPath);
  return paths.find((path) => path && spawnSync(path, ["--version"], { timeout: 20_000 }).status === 0);
}

const onPath = (name: string): string => spawnSync("which", [name], { encoding: "utf8" }).stdout?.trim() ?? "";

/** Headless, with a profile of its own that goes away, no traffic but the page's, and sound that needs no click. */
export function launchChromium(executablePath: string, more: readonly string[] = []): Promise<Browser> {
  const quiet = ["--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update"];
  const args = ["--no-sandbox", "--disable-gpu", ...quiet, "--disable-sync"];
  return chromium.launch({
    executablePath,
    args: [...args, "--autoplay-policy=no-user-gesture-required", ...more],
    // Playwright mutes headless browsers: a muted element would still be heard here, but the test shall not depend on it.
    ignoreDefaultArgs: ["--mute-audio"],
  });
}
