import type { ErrorBody, ImportResource } from "../../protocol/index.ts";
import { asUserError } from "../errors.ts";
import { type ImportOrder, importModel } from "./import.ts";

/** One import, for a server whose thread has answers to give. `territory`: as `checkTerms` gave it. */
export type ImportChildOrder = Pick<ImportOrder, "dir" | "id" | "dtype" | "territory">;
export type ImportReport =
  | ({ readonly type: "progress" } & Pick<ImportResource, "stage" | "fraction" | "secondsLeft">)
  | { readonly type: "done" }
  | { readonly type: "failed"; readonly error: ErrorBody };

const report = (message: ImportReport) => process.connected && process.send?.(message);
const controller = new AbortController();

process.on("message", (message: ImportChildOrder | "cancel") => {
  if (message === "cancel") return controller.abort();
  const order = {
    ...message,
    signal: controller.signal,
    onProgress: (what: string, fraction: number, secondsLeft: number | null) =>
      void report({ type: "progress", stage: stageOf(what), fraction, secondsLeft }),
  };
  importModel(order)
    .then(
      () => report({ type: "done" }),
      (error) => report({ type: "failed", error: asUserError(error).body }),
    )
    .finally(() => process.connected && process.disconnect());
});
// A Ctrl-C in a terminal reaches the whole group: the parent decides what it means. A dead parent ends the import.
process.on("SIGINT", () => {});
process.on("disconnect", () => controller.abort());

const stageOf = (what: string): ImportResource["stage"] =>
  what.startsWith("writing") ? "writing" : what.startsWith("hashing") ? "hashing" : "checking";
