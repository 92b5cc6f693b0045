import { asUserError } from "../errors.ts";
import { loadBundle } from "../onnx/bundle.ts";
import { look } from "../pipeline/look.ts";
import type { Context } from "../pipeline/types.ts";
import type { EngineOrder, EngineReport } from "./messages.ts";
import { probe } from "./probe.ts";
import { runJob } from "./run-job.ts";

/** The engine process: one job after another, told by messages. */
const report = (message: EngineReport) => process.connected && process.send?.(message);
let controller: AbortController | undefined;

process.on("message", (order: EngineOrder) => {
  if (order.type === "cancel") {
    controller?.abort();
    return;
  }
  const failed = (error: unknown) => report({ type: "failed", error: asUserError(error).body });
  if (order.type === "probe") {
    probe(order.probe).then((result) => report({ type: "probed", result }), failed);
    return;
  }
  controller = new AbortController();
  const context: Context = {
    signal: controller.signal,
    progress: (stage, fraction) => report({ type: "progress", stage, fraction }),
    note: (text) => report({ type: "note", text }),
  };
  if (order.type === "look") {
    loadBundle(order.request.model)
      .then((bundle) => look(order.request, bundle, context))
      .then((result) => report({ type: "looked", result }), failed);
    return;
  }
  runJob(order.job, context, (take) => report({ type: "take", take })).then(
    (result) => report({ type: "done", result }),
    failed,
  );
});
// A Ctrl-C in a terminal reaches the whole group: the parent decides what it means. A dead parent ends the engine.
process.on("SIGINT", () => {});
process.on("disconnect", () => process.exit(0));
