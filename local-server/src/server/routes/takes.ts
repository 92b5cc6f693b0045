import { readFile } from "node:fs/promises";
import { z } from "zod";
import { takeResourceSchema } from "../../../protocol/index.ts";
import { UserError } from "../../errors.ts";
import { peaksOfWav } from "../../takes/peaks.ts";
import { takePaths } from "../../takes/write.ts";
import { sendFile, sendTemp } from "../files.ts";
import { withMuxedTake } from "../mux.ts";
import { route } from "../route.ts";

const mark = z.object({ hearted: z.boolean().optional(), locked: z.boolean().optional() }).strict();

export const TAKE_ROUTES = [
  route({
    method: "get",
    path: "/v1/takes",
    name: "listTakes",
    says: "Takes, newest last.",
    answers: { 200: { says: "Takes.", schema: z.object({ takes: z.array(takeResourceSchema) }) } },
    refusals: [],
    async handle({ response, context }) {
      response.json({ takes: context.jobs.takes() });
    },
  }),
  route({
    method: "get",
    path: "/v1/takes/{id}",
    name: "readTake",
    says: "One take and its record: seed, events, loudness, what it was made from.",
    answers: { 200: { says: "The take.", schema: takeResourceSchema } },
    refusals: ["not_found"],
    async handle({ response, context, id }) {
      response.json(context.jobs.take(id));
    },
  }),
  route({
    method: "patch",
    path: "/v1/takes/{id}",
    name: "markTake",
    says: "Marks a take as a favourite, or locks it against changes.",
    body: mark,
    answers: { 200: { says: "The take.", schema: takeResourceSchema } },
    refusals: ["not_found"],
    async handle({ response, context, id, body: { hearted, locked } }) {
      const change = { ...(hearted === undefined ? {} : { hearted }), ...(locked === undefined ? {} : { locked }) };
      response.json(context.jobs.markTake(id, change));
    },
  }),
  route({
    method: "delete",
    path: "/v1/takes/{id}",
    name: "removeTake",
    says: "Removes a take with its files.",
    answers: { 204: { says: "It is gone." } },
    refusals: ["not_found", "locked"],
    async handle({ response, context, id }) {
      await context.jobs.removeTake(id);
      response.status(204).end();
    },
  }),
  route({
    method: "get",
    path: "/v1/takes/{id}/audio",
    name: "readAudio",
    says: "The WAV as it lies on the disk, whole or in parts (Range).",
    answers: {
      200: { says: "The file.", type: "audio/wav", headers: { ETag: "sha256 of the file." } },
      206: { says: "The part.", type: "audio/wav" },
    },
    refusals: ["not_found", "bad_range"],
    async handle({ request, response, context, id }) {
      await sendFile(request, response, context.jobs.take(id).path, { type: "audio/wav", tag: "sha256" });
    },
  }),
  route({
    method: "get",
    path: "/v1/takes/{id}/record",
    name: "readRecord",
    says: "take.json: everything that is needed to make the same bits again.",
    answers: { 200: { says: "The record.", type: "application/json" } },
    refusals: ["not_found"],
    async handle({ response, context, id }) {
      const { path } = context.jobs.take(id);
      const text = await readFile(takePaths(path).record, "utf8").catch(() => null);
      if (text === null) throw gone(id);
      response.type("application/json").send(text);
    },
  }),
  route({
    method: "get",
    path: "/v1/takes/{id}/peaks",
    name: "readPeaks",
    says: "Highest absolute sample per column as little-endian f32, one channel after the other: a waveform to draw.",
    query: z.object({ columns: z.coerce.number().int().min(1).max(20_000).default(1200) }),
    answers: { 200: { says: "channels x columns values.", type: "application/octet-stream" } },
    refusals: ["not_found", "bad_value"],
    async handle({ response, context, id, query: { columns } }) {
      const { path } = context.jobs.take(id);
      const peaks = await peaksOfWav(path, columns).catch((error: NodeJS.ErrnoException) => {
        throw error.code === "ENOENT" ? gone(id) : error;
      });
      response.type("application/octet-stream").send(Buffer.from(peaks.buffer));
    },
  }),
  route({
    method: "post",
    path: "/v1/takes/{id}/video",
    name: "muxTake",
    says: "The clip with the take under its picture, as MP4. The picture is copied where browsers play it, else converted.",
    body: z.object({}).strict(),
    answers: { 200: { says: "The video.", type: "video/mp4" } },
    refusals: ["not_found", "changed", "too_many", "disk_full"],
    async handle({ request, response, context, id }) {
      await withMuxedTake(context.jobs.take(id), context, response, (path, name) =>
        sendTemp(request, response, path, { type: "video/mp4", name }),
      );
    },
  }),
];

const gone = (id: string): UserError =>
  new UserError("not_found", "the file of the take", `none any more (${id})`, "make the take again");
