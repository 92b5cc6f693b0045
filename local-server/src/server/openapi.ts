import { z } from "zod";
import {
  clipSchema,
  creditSchema,
  ERRORS,
  type ErrorCode,
  errorBodySchema,
  eventSchema,
  generateRequestSchema,
  importSchema,
  jobSchema,
  modelSchema,
  takeResourceSchema,
  takeSchema,
} from "../../protocol/index.ts";
import type { Answer, Route } from "./route.ts";

type Json = Record<string, unknown>;

/** Shapes that have a name in the document. */
const NAMED = z.registry<{ id: string }>();
const problemSchema = errorBodySchema.extend({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  field: z.string().optional(),
});
for (const [id, schema] of Object.entries({
  Job: jobSchema,
  Take: takeResourceSchema,
  TakeRecord: takeSchema,
  Event: eventSchema,
  Credit: creditSchema,
  Clip: clipSchema,
  Model: modelSchema,
  Import: importSchema,
  Request: generateRequestSchema,
  Problem: problemSchema,
})) {
  NAMED.add(schema, { id });
}

const EVERYWHERE: readonly ErrorCode[] = ["unauthorized", "wrong_origin", "wrong_host", "too_many", "internal"];
const WITH_JSON: readonly ErrorCode[] = [
  "bad_request",
  "bad_value",
  "unsupported_type",
  "upload_too_large",
  "too_slow",
];

/** The OpenAPI 3.1 document of what the routes say of themselves. `open`: those that need no key. */
export function openApiOf(routes: readonly Route[], open: readonly Route[], version: string): Json {
  const paths: Record<string, Json> = {
    "/healthz": {
      get: {
        operationId: "isThere",
        summary: "Whether the server is there; nothing else.",
        security: [],
        responses: { 200: jsonAnswer("It is.", z.object({ ok: z.literal(true) })) },
      },
    },
  };
  for (const route of [...routes, ...open]) {
    paths[route.path] = { ...paths[route.path], [route.method]: operationOf(route, open.includes(route)) };
  }
  const { schemas } = z.toJSONSchema(NAMED, { uri: (id) => `#/components/schemas/${id}`, io: "output" });
  return {
    openapi: "3.1.0",
    info: {
      title: "Foley in the editor",
      version,
      description: "Sound for silent picture. Everything but `/healthz` and media addresses needs the server's key.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "/" }],
    security: [{ key: [] }],
    paths,
    components: {
      schemas: Object.fromEntries(Object.entries(schemas).map(([id, schema]) => [id, bare(schema as Json)])),
      securitySchemes: { key: { type: "http", scheme: "bearer" } },
    },
  };
}

function operationOf(route: Route, isOpen: boolean): Json {
  const { name, says, body, bytes, answers } = route;
  const responses: Json = {};
  for (const [status, answer] of Object.entries(answers)) responses[status] = answerOf(answer);
  for (const [status, codes] of refusalsOf(route, isOpen)) {
    responses[status] = {
      description: codes.map((code) => `\`${code}\``).join(", "),
      content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
    };
  }
  const content = body
    ? { "application/json": { schema: schemaOf(body, "input") } }
    : bytes && Object.fromEntries(bytes.map((type) => [type, {}]));
  return {
    operationId: name,
    summary: says,
    ...(isOpen ? { security: [] } : {}),
    parameters: parametersOf(route),
    ...(content ? { requestBody: { required: true, content } } : {}),
    responses,
  };
}

function parametersOf({ path, query, headers = {} }: Route): Json[] {
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: "path",
    required: true,
    schema: { type: "string" },
  }));
  const { properties = {} } = query ? (schemaOf(query, "output") as { properties?: Record<string, Json> }) : {};
  const inQuery = Object.entries(properties).map(([name, schema]) => ({ name, in: "query", required: false, schema }));
  const inHeaders = Object.entries(headers).map(([name, { says, needed }]) => ({
    name,
    in: "header",
    required: needed,
    description: says,
    schema: { type: "string" },
  }));
  return [...inPath, ...inQuery, ...inHeaders];
}

function answerOf({ says, schema, type, headers }: Answer): Json {
  const described = Object.entries(headers ?? {}).map(([name, description]) => [
    name,
    { description, schema: { type: "string" } },
  ]);
  return {
    ...(schema ? jsonAnswer(says, schema) : { description: says, ...(type ? { content: { [type]: {} } } : {}) }),
    ...(described.length > 0 ? { headers: Object.fromEntries(described) } : {}),
  };
}

const jsonAnswer = (description: string, schema: z.ZodType): Json => ({
  description,
  content: { "application/json": { schema: schemaOf(schema, "output") } },
});

function refusalsOf({ refusals, body, bytes }: Route, isOpen: boolean): Map<number, ErrorCode[]> {
  const withBody = body ? WITH_JSON : bytes ? (["bad_request", "unsupported_type"] as const) : [];
  const codes = [...(isOpen ? EVERYWHERE.filter((code) => code !== "unauthorized") : EVERYWHERE), ...withBody];
  return Map.groupBy([...new Set([...codes, ...refusals])].sort(), (code) => ERRORS[code].status);
}

/** As it stands in the document: named shapes by reference. */
function schemaOf(schema: z.ZodType, io: "input" | "output"): Json {
  const text = JSON.stringify(bare(z.toJSONSchema(schema, { metadata: NAMED, io }) as Json));
  return JSON.parse(text.replaceAll('"#/$defs/', '"#/components/schemas/'));
}

function bare({ $schema, $defs, $id, ...schema }: Json): Json {
  return schema;
}
