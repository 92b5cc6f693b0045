import { z } from "zod";
import { openApiOf } from "../openapi.ts";
import { type Route, route } from "../route.ts";
import { ABOUT_ROUTES } from "./about.ts";
import { JOB_ROUTES } from "./jobs.ts";
import { MEDIA_ROUTES, PASS_ROUTE } from "./media.ts";
import { MODEL_ROUTES } from "./models.ts";
import { TAKE_ROUTES } from "./takes.ts";

let document: Record<string, unknown> | null = null;
const DOCUMENT_ROUTE = route({
  method: "get",
  path: "/v1/openapi.json",
  name: "readDocument",
  says: "This document.",
  answers: { 200: { says: "OpenAPI 3.1.", schema: z.looseObject({ openapi: z.string() }) } },
  refusals: [],
  async handle({ response, context }) {
    document ??= openApiOf(ROUTES, [PASS_ROUTE], context.version);
    response.json(document);
  },
});

/** Everything that needs a key. */
export const ROUTES: readonly Route[] = [
  ...JOB_ROUTES,
  ...TAKE_ROUTES,
  ...MEDIA_ROUTES,
  ...MODEL_ROUTES,
  ...ABOUT_ROUTES,
  DOCUMENT_ROUTE,
];
export { PASS_ROUTE };
