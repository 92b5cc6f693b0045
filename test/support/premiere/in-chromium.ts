import fs from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import type { Scene } from "./scene.ts";
import { hostScript } from "./script.ts";

const EXTENSION = "/extension";
const CALLS = ["readFile", "mkdir", "copyFile", "rename", "stat"] as const;

/** A dialog of Premiere: while it is open, scripts wait. */
export interface Dialog {
  open(): void;
  close(): void;
}

/** What the panel does with files, inside one folder only. */
async function fileCall(folder: string, name: (typeof CALLS)[number], args: [string, ...unknown[]]): Promise<unknown> {
  if (!CALLS.includes(name)) throw new Error(`no ${name}`);
  if (relative(folder, args[0]).startsWith("..")) return { failed: "ENOENT" };
  try {
    const result = await (fs[name] as (...args: unknown[]) => Promise<unknown>)(...args);
    return name === "stat" ? { size: (result as { size: number }).size } : result;
  } catch (error) {
    return { failed: (error as NodeJS.ErrnoException).code };
  }
}

/**
 * The built panel as CEP opens it: its page from disk, `__adobe_cep__` over the double, Node for the few calls it makes.
 * It finds the server by server.json of the data folder, which lies in the scene's folder.
 */
export async function openInPremiere(
  browser: Browser,
  scene: Scene,
  dataFolder: string,
): Promise<{ readonly page: Page; readonly dialog: Dialog }> {
  const { build } = hostScript();
  const page = await browser.newPage();
  let waiting: (() => void)[] | null = null;
  await page.exposeFunction("premiereEval", async (script: string) => {
    if (waiting) await new Promise<void>((settle) => waiting?.push(settle));
    return scene.engine.evalScript(script);
  });
  await page.exposeFunction("nodeFs", (name: (typeof CALLS)[number], args: [string, ...unknown[]]) =>
    args[0] === join(EXTENSION, "host/dist/build.json")
      ? JSON.stringify({ build })
      : fileCall(scene.folder, name, args),
  );
  await page.addInitScript(
    ({ calls, env, extension, skin }) => {
      const bound = window as unknown as {
        premiereEval(script: string): Promise<string>;
        nodeFs(name: string, args: unknown[]): Promise<unknown>;
      };
      // On a screen no wider than a telephone's, Spectrum's menus open from below.
      Object.defineProperty(screen, "width", { get: () => 1920 });
      const call =
        (name: string) =>
        async (...args: unknown[]): Promise<unknown> => {
          const result = await bound.nodeFs(name, args);
          const failed = (result as { failed?: string } | null)?.failed;
          if (failed !== undefined) throw Object.assign(new Error(failed), { code: failed });
          return result;
        };
      const modules: Record<string, unknown> = {
        fs: { promises: Object.fromEntries(calls.map((name) => [name, call(name)])) },
        path: { join: (...parts: string[]) => parts.join("/"), isAbsolute: (path: string) => path.startsWith("/") },
        os: { homedir: () => "/home", tmpdir: () => "/tmp" },
        child_process: {},
      };
      Object.assign(window, {
        cep_node: { require: (name: string) => modules[name], process: { platform: "linux", env } },
        __adobe_cep__: {
          evalScript: (script: string, callback: (result: string) => void) =>
            void bound.premiereEval(script).then(callback),
          getHostEnvironment: () => skin,
          getSystemPath: () => `file://${extension}`,
          getExtensionId: () => "com.foley.editor.panel",
          addEventListener: () => undefined,
          registerKeyEventsInterest: () => undefined,
        },
      });
    },
    {
      calls: [...CALLS],
      env: { FOLEY_DATA: dataFolder },
      extension: EXTENSION,
      skin: JSON.stringify({
        appVersion: "25.6.0",
        appSkinInfo: { panelBackgroundColor: { color: { red: 35, green: 35, blue: 35 } } },
      }),
    },
  );
  await page.goto(pathToFileURL(resolve(import.meta.dirname, "../../../panel/dist/index.html")).href);
  return {
    page,
    dialog: {
      open() {
        waiting = [];
      },
      close() {
        for (const run of waiting ?? []) run();
        waiting = null;
      },
    },
  };
}
