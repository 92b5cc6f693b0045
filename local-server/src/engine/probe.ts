import { measureMatMul } from "../onnx/peak.ts";
import { compiledProviders, runtimeVersion } from "../onnx/session.ts";
import type { Probe, ProbeOrder } from "./messages.ts";

/** Whether a provider works here, and its best speed at a plain matrix product. @throws UserError broken_bundle */
export async function probe({ provider, size, seconds }: ProbeOrder): Promise<Probe> {
  const measured = await measureMatMul(provider, size, seconds);
  return { ...measured, runtime: runtimeVersion(), compiled: compiledProviders() };
}
