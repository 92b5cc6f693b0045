import type { App } from "../app.ts";
import type { Action } from "./action.ts";
import { attempt } from "./attempt.ts";
import { copyText } from "./copy-text.ts";

/** What somebody who helps needs to see: versions, states, the last lines of the log. No prompt, no path of a clip. */
export function diagnostics({ store, host, server }: App): string {
  const { connection, jobs, models, takes, notice } = store.get();
  const count = (state: string): number => jobs.filter((job) => job.state === state).length;
  const said = notice ? [`notice: ${notice.text}`] : [];
  return [
    `Foley panel, ${new Date().toISOString()}, in ${host.name}`,
    ...host.describe(),
    `engine: ${connection.state}${connection.state === "down" ? `, ${connection.reason}` : ""}${connection.state === "up" ? `, ${connection.provider}` : ""}`,
    `models: ${models.map(({ id, version, problem }) => `${id} ${version}${problem ? ` (${problem})` : ""}`).join(", ") || "none"}`,
    `jobs: ${count("queued")} waiting, ${count("running")} running, ${count("failed")} failed; ${takes.length} takes`,
    ...jobs
      .filter(({ state }) => state === "failed")
      .slice(-3)
      .map(({ error }) => `failed: ${error?.code}`),
    ...said,
    "",
    server.diagnostics(),
  ].join("\n");
}

export const copyDiagnostics: Action = {
  name: "copyDiagnostics",
  label: "copyDiagnostics",
  keys: [],
  perform: (app) => attempt(app, () => copyText(diagnostics(app))),
};
