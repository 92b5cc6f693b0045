import { availableParallelism, platform } from "node:os";

/** Order in which providers are tried; a bundle is only tried on those it ships a graph for. `FOLEY_PROVIDERS` overrides. */
export function providerOrder(): readonly string[] {
  const wanted = process.env.FOLEY_PROVIDERS;
  if (wanted) return [...wanted.split(",").map((name) => name.trim()), "cpu"];
  if (platform() === "win32") return ["dml", "webgpu", "cpu"];
  if (platform() === "darwin") return ["coreml", "webgpu", "cpu"];
  return ["cuda", "webgpu", "cpu"];
}

/** Threads for one session: physical work gains nothing past eight on these graphs, and the machine stays usable. */
export const sessionThreads = (): number => Math.max(1, Math.min(8, availableParallelism()));
