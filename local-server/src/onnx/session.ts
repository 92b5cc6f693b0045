import { createRequire } from "node:module";
import type * as Ort from "onnxruntime-node";
import { UserError } from "../errors.ts";
import { type Tensor, tensor } from "./tensor.ts";

/**
 * The only file that knows ONNX Runtime. The addon is loaded when the first session opens, so that processes which only
 * read manifests never start it (and its telemetry switch, set in the engine's environment, is in place before it loads).
 */
let runtime: typeof Ort | undefined;
const ort = (): typeof Ort => {
  if (!runtime) {
    runtime = createRequire(import.meta.url)("onnxruntime-node") as typeof Ort;
    // It writes to the terminal what it also throws: a page for every session that finds no GPU.
    runtime.env.logLevel = "fatal";
  }
  return runtime;
};

export type Feed = Tensor | { readonly data: BigInt64Array | Uint8Array; readonly dims: readonly number[] };

const typeOf = (data: Feed["data"]): "int64" | "uint8" | "float32" =>
  data instanceof BigInt64Array ? "int64" : data instanceof Uint8Array ? "uint8" : "float32";

/** A loaded graph. Dispose it at the end of its stage: its memory goes back at once. */
export interface Session extends AsyncDisposable {
  readonly provider: string;
  readonly inputs: readonly string[];
  run(feeds: Readonly<Record<string, Feed>>): Promise<Record<string, Tensor>>;
}

/**
 * Opens a graph (a path, or the bytes of one) on the first provider that takes it. `candidates` are tried in order; the
 * last is "cpu". `once`: for a single run, which leaves the weights where they are in their file instead of packing a copy.
 * @throws UserError broken_bundle when no provider loads the graph.
 */
export async function openSession(
  candidates: readonly { readonly provider: string; readonly graph: string | Uint8Array }[],
  threads: number,
  once = false,
): Promise<Session> {
  const failures: string[] = [];
  for (const { provider, graph } of candidates) {
    // ONNX Runtime drops a name it does not know and computes on the CPU instead, without an error.
    if (!compiledProviders().includes(provider)) {
      failures.push(`${provider}: not in this platform's build of ONNX Runtime`);
      continue;
    }
    try {
      const options: Ort.InferenceSession.SessionOptions = {
        executionProviders: provider === "cpu" ? ["cpu"] : [provider, "cpu"],
        intraOpNumThreads: threads,
        // A provider whose library is absent is told in our own words, when none is left.
        logSeverityLevel: 4,
        // Spinning threads burn the second core while JavaScript works.
        extra: { session: { intra_op: { allow_spinning: "0" }, ...(once ? { disable_prepacking: "1" } : {}) } },
      };
      const { InferenceSession } = ort();
      // Two overloads, one call each.
      const session = await (typeof graph === "string"
        ? InferenceSession.create(graph, options)
        : InferenceSession.create(graph, options));
      return wrap(session, provider);
    } catch (error) {
      failures.push(`${provider}: ${error instanceof Error ? error.message : error}`);
    }
  }
  throw new UserError(
    "broken_bundle",
    "a graph that ONNX Runtime can load",
    failures.join("; "),
    "install the bundle again",
  );
}

function wrap(session: Ort.InferenceSession, provider: string): Session {
  return {
    provider,
    inputs: session.inputNames,
    async run(feeds) {
      const missing = session.inputNames.filter((name) => !(name in feeds));
      if (missing.length > 0) {
        throw new UserError(
          "broken_bundle",
          `feeds for [${session.inputNames}]`,
          `no ${missing}`,
          "install the bundle again",
        );
      }
      const tensors: Record<string, Ort.Tensor> = {};
      for (const name of session.inputNames) {
        const feed = feeds[name]!;
        tensors[name] = new (ort().Tensor)(typeOf(feed.data) as "float32", feed.data as Float32Array, [...feed.dims]);
      }
      const results = await session.run(tensors);
      const outputs: Record<string, Tensor> = {};
      for (const name of session.outputNames) {
        const result = results[name]!;
        outputs[name] = tensor(result.data as Float32Array, result.dims as number[]);
      }
      return outputs;
    },
    [Symbol.asyncDispose]: () => session.release(),
  };
}

/** Providers compiled into this platform's package; says nothing about a usable device. */
export const compiledProviders = (): string[] =>
  ort()
    .listSupportedBackends()
    .map((backend) => backend.name);
export const runtimeVersion = (): string => ort().env.versions.node ?? "unknown";
