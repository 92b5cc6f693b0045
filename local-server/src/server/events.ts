import type { IncomingMessage, ServerResponse } from "node:http";
import type { Change, JobResource } from "../../protocol/index.ts";
import type { Context } from "./context.ts";
import { createOutbox } from "./outbox.ts";

const ENDED: readonly JobResource["state"][] = ["done", "failed", "cancelled"];

/**
 * One job's changes as server-sent events. The event's id is `seq`: a client that comes back with it misses nothing and
 * hears nothing twice. Ends with the job. @throws UserError not_found
 */
export function sendEvents(
  jobId: string,
  request: IncomingMessage,
  response: ServerResponse,
  { jobs, limits, stopping }: Context,
): void {
  jobs.job(jobId);
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
  const outbox = createOutbox(
    {
      unsent: () => response.writableLength,
      send: (text) => void response.write(text),
      giveUp: () => response.destroy(),
    },
    formatEvent,
    limits,
  );
  const heartbeat = setInterval(() => response.write(": still here\n\n"), limits.ping_ms);
  const end = (): void => {
    stop();
    clearInterval(heartbeat);
    outbox.close();
    stopping.removeEventListener("abort", end);
    response.end();
  };
  const tell = (change: Change): void => {
    if (!concerns(change, jobId)) return;
    outbox.news(change);
    if (change.type === "job" && ENDED.includes(change.job.state)) outbox.whenEmpty(end);
  };
  const stop = jobs.onChange(tell);
  response.on("close", end);
  stopping.addEventListener("abort", end);

  const last = request.headers["last-event-id"];
  const since = typeof last === "string" && /^\d{1,15}$/.test(last) ? jobs.changesSince(Number(last)) : null;
  const job = jobs.job(jobId);
  if (since !== null) for (const change of since) tell(change);
  else {
    const { seq } = jobs;
    for (const take of jobs.takes()) if (take.jobId === jobId) tell({ seq, type: "take", take });
    tell({ seq, type: "job", job });
  }
  if (ENDED.includes(job.state)) outbox.whenEmpty(end);
}

const concerns = (change: Change, jobId: string): boolean =>
  (change.type === "job" && change.job.id === jobId) || (change.type === "take" && change.take.jobId === jobId);

function formatEvent(change: Change): string {
  const data = change.type === "job" ? change.job : change.type === "take" ? change.take : { takeId: change.takeId };
  return `id: ${change.seq}\nevent: ${change.type}\ndata: ${JSON.stringify(data)}\n\n`;
}
