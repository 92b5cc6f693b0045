import { z } from "zod";
import { generateRequestSchema, jobSchema } from "../../../protocol/index.ts";
import { UserError } from "../../errors.ts";
import { createJob } from "../calls.ts";
import { sendEvents } from "../events.ts";
import { route } from "../route.ts";

/** A key is anything printable: the client's own name for this one request. */
const KEY = /^[\x20-\x7e]{1,100}$/;
const newJobSchema = generateRequestSchema.extend({ priority: z.int().min(-10).max(10).optional() }).strict();

function keyOf(header: string | undefined): string | undefined {
  if (header === undefined || KEY.test(header)) return header;
  throw new UserError("bad_request", "an Idempotency-Key of 1 to 100 printable characters", "another", "shorten it");
}

export const JOB_ROUTES = [
  route({
    method: "post",
    path: "/v1/jobs",
    name: "createJob",
    says: "Asks for sound. Answered when the job is safely on the disk; the sound comes later.",
    headers: {
      "Idempotency-Key": { says: "The same key with the same request gives the same job.", needed: false },
    },
    body: newJobSchema,
    answers: {
      202: {
        says: "The job, queued.",
        schema: jobSchema,
        headers: { Location: "Address of the job.", "Retry-After": "Seconds after which to ask for it." },
      },
    },
    refusals: ["key_reused", "queue_full", "disk_full", "too_long", "range_outside_clip", "unknown_model", "stopping"],
    async handle({ request, response, body: { priority, ...wanted }, context }) {
      const key = keyOf(request.get("idempotency-key"));
      const job = await createJob(generateRequestSchema.parse(wanted), { key, priority }, context);
      response.status(202).location(`/v1/jobs/${job.id}`).set("retry-after", "1").json(job);
    },
  }),
  route({
    method: "get",
    path: "/v1/jobs",
    name: "listJobs",
    says: "The open jobs and the newest that ended, oldest first.",
    answers: { 200: { says: "Jobs.", schema: z.object({ jobs: z.array(jobSchema) }) } },
    refusals: [],
    async handle({ response, context }) {
      response.json({ jobs: context.jobs.jobs() });
    },
  }),
  route({
    method: "get",
    path: "/v1/jobs/{id}",
    name: "readJob",
    says: "One job: its state, stage, time left, takes.",
    answers: { 200: { says: "The job.", schema: jobSchema } },
    refusals: ["not_found"],
    async handle({ response, context, id }) {
      response.json(context.jobs.job(id));
    },
  }),
  route({
    method: "post",
    path: "/v1/jobs/{id}/cancel",
    name: "cancelJob",
    says: "Ends a job. Asked twice it is the same as once; an ended job stays as it is.",
    body: z.object({}).strict(),
    answers: { 200: { says: "The job, ended.", schema: jobSchema } },
    refusals: ["not_found"],
    async handle({ response, context, id }) {
      response.json(await context.jobs.cancel(id));
    },
  }),
  route({
    method: "get",
    path: "/v1/jobs/{id}/events",
    name: "followJob",
    says: "What becomes of a job, as server-sent events `job` and `take`, until it has ended.",
    headers: { "Last-Event-ID": { says: "Number of the last event that was heard: goes on after it.", needed: false } },
    answers: { 200: { says: "Events; `data` is a Job or a Take.", type: "text/event-stream" } },
    refusals: ["not_found"],
    async handle({ request, response, context, id }) {
      sendEvents(id, request, response, context);
    },
  }),
];
