import { statfs } from "node:fs/promises";
import { z } from "zod";
import { type Check, examine, isReady } from "../../doctor/examine.ts";
import { route } from "../route.ts";
import { API_VERSIONS } from "../version.ts";

const health = z.object({
  ok: z.literal(true),
  version: z.string(),
  apiVersions: z.array(z.string()),
  queued: z.int(),
  running: z.int(),
  takes: z.int(),
  freeBytes: z.number(),
  uptimeSeconds: z.number(),
  /** How long the server's one thread was held. */
  loopDelay_ms: z.object({ p50: z.number(), p99: z.number(), max: z.number() }),
});

const doctor = z.object({
  ok: z.boolean(),
  checks: z.array(
    z.object({
      name: z.string(),
      state: z.enum(["ok", "info", "todo"]),
      found: z.string(),
      todo: z.string().nullable(),
      needed: z.boolean(),
    }),
  ),
});
/** Providers are tried in a process of their own: once for all who ask at the same time. */
let examining: Promise<Check[]> | null = null;

export const ABOUT_ROUTES = [
  route({
    method: "get",
    path: "/v1/health",
    name: "readHealth",
    says: "What the server is and does. (`/healthz` needs no key and says only that it is there.)",
    answers: { 200: { says: "It is well.", schema: health } },
    refusals: [],
    async handle({ response, context: { jobs, tempFolder, version, loopDelay } }) {
      const states = jobs.jobs().map(({ state }) => state);
      const { bavail, bsize } = await statfs(tempFolder);
      response.json({
        ok: true,
        version,
        apiVersions: API_VERSIONS,
        queued: states.filter((state) => state === "queued").length,
        running: states.filter((state) => state === "running").length,
        takes: jobs.takes().length,
        freeBytes: bavail * bsize,
        uptimeSeconds: process.uptime(),
        loopDelay_ms: {
          p50: loopDelay.percentile(50) / 1e6,
          p99: loopDelay.percentile(99) / 1e6,
          max: loopDelay.max / 1e6,
        },
      });
    },
  }),
  route({
    method: "get",
    path: "/v1/doctor",
    name: "examine",
    says: "What this machine has for making takes, and what to do where something is missing. Takes some seconds.",
    answers: { 200: { says: "What was found.", schema: doctor } },
    refusals: ["stopping"],
    async handle({ response, context: { stopping } }) {
      examining ??= examine(stopping).finally(() => {
        examining = null;
      });
      const checks = await examining;
      response.json({ ok: isReady(checks), checks });
    },
  }),
];
