import { readFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { type ClipResource, parseTimecode, ticksOfSeconds } from "../../protocol/index.ts";
import { probeClip } from "../video/probe.ts";
import type { Context } from "./context.ts";
import { NAME_FILE } from "./uploads.ts";

/** Looks at a video and hands out an address for it. @throws UserError of the path or the file */
export async function openClip(
  path: string,
  owner: string,
  { paths, media, proxies, stopping }: Context,
): Promise<ClipResource> {
  const clip = await probeClip(await paths.file(path), stopping);
  proxies.prepare(clip);
  const timecode = clip.timecode === null ? null : parseTimecode(clip.timecode, clip.frameRate);
  return {
    path: clip.path,
    name: await nameOf(clip.path),
    media: media.give(clip.path, owner),
    frameRate: clip.frameRate,
    dropFrame: timecode?.dropFrame ?? false,
    startFrame: timecode?.frame ?? 0,
    durationTicks: String(ticksOfSeconds(clip.durationSeconds)),
  };
}

/** What its owner called it: an upload lies under a name of ours, with his beside it. */
async function nameOf(path: string): Promise<string> {
  const given = await readFile(join(dirname(path), NAME_FILE), "utf8").catch(() => "");
  return given || basename(path);
}
