import { extname } from "node:path";
import { CALLS, clipSchema, lookSchema } from "../../../protocol/index.ts";
import { openClip } from "../clips.ts";
import { sendFile } from "../files.ts";
import { route } from "../route.ts";

/** What a browser's player goes by; it looks into the file itself. */
const TYPES: Readonly<Record<string, string>> = {
  ".mkv": "video/x-matroska",
  ".webm": "video/webm",
  ".avi": "video/x-msvideo",
};

const params = CALLS["clips.open"].params.strict();

export const MEDIA_ROUTES = [
  route({
    method: "post",
    path: "/v1/uploads",
    name: "uploadClip",
    says: "Takes a video (MP4, MOV, AVI, MKV, WebM, MXF, MPEG-TS) as the body. `path` of the answer is what a job is asked for with.",
    headers: { "Foley-File-Name": { says: "Its name, percent-encoded; only shown.", needed: false } },
    bytes: ["application/octet-stream", "video/*"],
    answers: { 201: { says: "The clip.", schema: clipSchema } },
    refusals: ["upload_too_large", "disk_full", "too_many", "too_slow", "unsupported_or_damaged", "no_video"],
    async handle({ request, response, context, key }) {
      const { path, discard } = await context.uploads.receive(request, response);
      try {
        response.status(201).json(await openClip(path, key.name, context));
      } catch (error) {
        await discard();
        throw error;
      }
    },
  }),
  route({
    method: "post",
    path: "/v1/clips",
    name: "openClip",
    says: "Opens a video that lies on the server's machine.",
    body: params,
    answers: { 200: { says: "The clip.", schema: clipSchema } },
    refusals: ["not_found", "not_regular_file", "unreadable", "outside_roots", "unsupported_or_damaged"],
    async handle({ response, context, key, body: { path } }) {
      response.json(await openClip(path, key.name, context));
    },
  }),
  route({
    method: "post",
    path: "/v1/clips/look",
    name: "lookAtClip",
    says: "What the picture of a range shows, before any take: words that fit it, best first, and where something is heard.",
    body: CALLS["clips.look"].params.strict(),
    answers: { 200: { says: "What was seen.", schema: lookSchema } },
    refusals: ["not_found", "outside_roots", "unknown_model", "range_outside_clip", "unsupported_or_damaged"],
    async handle({ response, context: { jobs, paths }, body: { path, ...range } }) {
      response.json(await jobs.look({ ...range, path: await paths.file(path) }));
    },
  }),
];

/** An address that was handed out: no key, for `<video>` sends none. */
export const PASS_ROUTE = route({
  method: "get",
  path: "/v1/media/{id}",
  name: "readMedia",
  says: "A clip (or a small H.264 copy where browsers cannot play it), by the address that opening it gave. Works while its client is connected and a minute after; whole or in parts.",
  answers: {
    200: { says: "The file.", type: "video/*" },
    206: { says: "The part.", type: "video/*" },
  },
  refusals: ["not_found", "bad_range"],
  async handle({ request, response, context, id }) {
    const path = await context.proxies.of(context.media.fileOf(id));
    response.set("cross-origin-resource-policy", "cross-origin");
    await sendFile(request, response, path, { type: TYPES[extname(path).toLowerCase()] ?? "video/mp4", tag: "stat" });
  },
});
