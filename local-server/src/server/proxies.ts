import { createHash } from "node:crypto";
import { access, mkdir, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { sweepTemp } from "../takes/write.ts";
import type { ProbedClip } from "../video/probe.ts";
import { makeProxy, playsInBrowsers } from "../video/proxy.ts";

/** Small copies of clips that browsers do not play (ProRes, AVI, MXF, 10 bits, …), so that there is a picture to spot on. */
export interface Proxies {
  /** Begins the copy of a clip that needs one. */
  prepare(clip: ProbedClip): void;
  /** What to show for a file that was prepared: itself, or its copy once that is made. @throws UserError as makeProxy */
  of(path: string): Promise<string>;
}

const MOST_KEPT = 30;

/** Copies outlive the server; the oldest go at its start. */
export async function openProxies(folder: string, stopping: AbortSignal): Promise<Proxies> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await sweepTemp(folder);
  await keepNewest(folder);
  const making = new Map<string, Promise<string>>();
  /** One after another: the machine has takes to make. */
  let last: Promise<unknown> = Promise.resolve();
  const copyOf = (clip: ProbedClip): Promise<string> => {
    const identity = `${clip.path}\0${clip.bytes}\0${clip.modifiedMs}`;
    const out = join(folder, `${createHash("sha256").update(identity).digest("hex")}.mp4`);
    const work = last.then(async () => {
      const isThere = await access(out).then(
        () => true,
        () => false,
      );
      if (!isThere) await makeProxy(clip, out, stopping);
      return out;
    });
    last = work.catch(() => {});
    return work;
  };
  return {
    prepare(clip) {
      if (playsInBrowsers(clip)) making.delete(clip.path);
      else {
        const copy = copyOf(clip);
        copy.catch(() => {});
        making.set(clip.path, copy);
      }
    },
    of: async (path) => (await making.get(path)) ?? path,
  };
}

async function keepNewest(folder: string): Promise<void> {
  const files = (await readdir(folder)).map((name) => join(folder, name));
  const aged = await Promise.all(files.map(async (path) => ({ path, time_ms: (await stat(path)).mtimeMs })));
  aged.sort((a, b) => b.time_ms - a.time_ms);
  for (const { path } of aged.slice(MOST_KEPT)) await rm(path, { recursive: true, force: true });
}
