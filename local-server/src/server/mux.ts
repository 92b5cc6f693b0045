import { mkdtemp, rm } from "node:fs/promises";
import type { ServerResponse } from "node:http";
import { basename, join } from "node:path";
import { secondsOfTicks, type TakeResource, ticksOfString } from "../../protocol/index.ts";
import { UserError } from "../errors.ts";
import { muxTake } from "../video/mux.ts";
import { probeClip } from "../video/probe.ts";
import type { Context } from "./context.ts";

let underWay = 0;

/**
 * Makes the clip with a take under its range, hands its path to `use`, and takes it away again. Stops when the client
 * leaves. @throws UserError not_found where the take has no picture or its clip is gone; too_many; as muxTake
 */
export async function withMuxedTake(
  { path, record }: TakeResource,
  { limits, tempFolder, stopping, paths }: Context,
  response: ServerResponse,
  use: (path: string, name: string) => Promise<void>,
): Promise<void> {
  const source = record.source?.path;
  if (source === undefined) {
    throw new UserError("not_found", "a take made for a picture", "one made from words alone", "choose another take");
  }
  if (underWay >= limits.muxesAtOnce) {
    throw new UserError("too_many", `at most ${limits.muxesAtOnce} exports at once`, "more", "wait for one to end");
  }
  underWay += 1;
  const left = new AbortController();
  const onClose = (): void => left.abort();
  response.once("close", onClose);
  const signal = AbortSignal.any([left.signal, stopping]);
  const folder = await mkdtemp(join(tempFolder, "mux-"));
  try {
    const name = `${basename(path, ".wav")}.mp4`;
    const out = join(folder, name);
    const fromSeconds = secondsOfTicks(ticksOfString(record.request.fromTicks));
    const clip = await probeClip(await paths.file(source), signal);
    const { seconds, credits } = record;
    await muxTake({ clip, wav: path, out, fromSeconds, seconds, credits, signal, onNote: () => {} });
    await use(out, name);
  } finally {
    underWay -= 1;
    response.off("close", onClose);
    await rm(folder, { recursive: true, force: true });
  }
}
