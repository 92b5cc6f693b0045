import type { Manifest, Role, Roles } from "../../protocol/index.ts";
import type { Bundle } from "../onnx/bundle.ts";
import type { Feed, Session } from "../onnx/session.ts";
import { sizeOf } from "../onnx/tensor.ts";
import type { GraphUse } from "./messages.ts";

type GraphRole = Exclude<Role, "bank">;

/** How many of the unit its cost is stated in one run of a graph covers; the shapes say it. */
const unitsOf: Record<GraphRole, (feeds: Readonly<Record<string, Feed>>, roles: Roles) => number> = {
  text: ({ input_ids }) => sizeOf(input_ids!.dims),
  semantic: ({ pixels }) => pixels!.dims[0]!,
  sync: ({ frames }) => frames!.dims[1]!,
  // The cost is that of a batch of two, one window long.
  denoiser: ({ latents }, { denoiser }) => (latents!.dims[0]! / 2) * (latents!.dims[2]! / denoiser.windowLatents),
  decoder: ({ latents }) => latents!.dims[2]!,
  encoder: ({ audio }, { decoder }) => audio!.dims[2]! / decoder.hop,
};

/** A bundle whose sessions keep count: seconds and arithmetic of every graph, as they happen. */
export function metered(bundle: Bundle): {
  readonly bundle: Bundle;
  readonly graphs: Partial<Record<GraphRole, GraphUse>>;
  /** All arithmetic so far, in GFLOP. */
  gflop(): number;
} {
  const graphs: Partial<Record<GraphRole, GraphUse>> = {};
  const count = (role: GraphRole, more: Partial<GraphUse>) => {
    const { runs, openSeconds, runSeconds, gflop } = { ...NONE, ...more };
    const sum = graphs[role] ?? NONE;
    graphs[role] = {
      runs: sum.runs + runs,
      openSeconds: sum.openSeconds + openSeconds,
      runSeconds: sum.runSeconds + runSeconds,
      gflop: sum.gflop + gflop,
    };
  };
  const open = async (role: GraphRole, part?: "conditions" | "modulation"): Promise<Session> => {
    const started = performance.now();
    const session = await bundle.open(role, part);
    // What is prepared once is counted with the role's time, not with its runs.
    if (part) return session;
    count(role, { openSeconds: since(started) });
    return {
      provider: session.provider,
      inputs: session.inputs,
      async run(feeds) {
        const started = performance.now();
        const outputs = await session.run(feeds);
        count(role, { runs: 1, runSeconds: since(started), gflop: gflopOf(role, feeds, bundle.manifest) });
        return outputs;
      },
      [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
    };
  };
  return {
    // Everything else, the provider that changes included, stays the bundle's own.
    bundle: Object.create(bundle, { open: { value: open } }) as Bundle,
    graphs,
    gflop: () => Object.values(graphs).reduce((sum, use) => sum + use.gflop, 0),
  };
}

const NONE: GraphUse = { runs: 0, openSeconds: 0, runSeconds: 0, gflop: 0 };
const since = (started: number): number => (performance.now() - started) / 1000;
const gflopOf = (role: GraphRole, feeds: Readonly<Record<string, Feed>>, { roles }: Manifest): number =>
  (roles[role]?.cost?.gflop ?? 0) * unitsOf[role](feeds, roles);
