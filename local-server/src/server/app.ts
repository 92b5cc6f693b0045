import express, { type Express, type NextFunction, type Request, type Response } from "express";
import { UserError } from "../errors.ts";
import type { Key } from "./access.ts";
import { readBody } from "./body.ts";
import type { Context } from "./context.ts";
import { panelPages } from "./pages.ts";
import { parsed, sendProblem } from "./problem.ts";
import type { Route } from "./route.ts";
import { PASS_ROUTE, ROUTES } from "./routes/index.ts";

/** Of every answer, unless it is a page of the panel: not to be sniffed, framed, run, or embedded by another page. */
export const DATA_HEADERS: Readonly<Record<string, string>> = {
  "x-content-type-options": "nosniff",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
};

/** REST below /v1, the panel's pages at /. Host and Origin were checked before. */
export function createApp(context: Context, panelFolder: string): Express {
  const app = express();
  app.disable("x-powered-by").disable("etag");
  app.set("query parser", "simple");
  app.get("/healthz", (_request, response) => void response.json({ ok: true }));
  const keyOf = ({ headers, socket }: Request): Key =>
    context.access.bearer(headers.authorization, socket.remoteAddress ?? "");
  mount(app, PASS_ROUTE, context, () => NOBODY);
  for (const route of ROUTES) mount(app, route, context, keyOf);
  app.use("/v1", (request, _response, next) => {
    keyOf(request);
    next(notThere(request));
  });
  app.get("/favicon.ico", (_request, response) => void response.status(204).end());
  app.use(panelPages(panelFolder));
  app.use((request, _response, next) => next(notThere(request)));
  app.use((error: unknown, request: Request, response: Response, _next: NextFunction) => {
    refuse(error, request, response);
  });
  return app;
}

const expressPath = (path: string): string => path.replaceAll(/\{(\w+)\}/g, ":$1");

/** Who comes with an address that was handed out rather than with a key. */
const NOBODY: Key = { name: "", secret: "" };

function mount(app: Express, route: Route, context: Context, keyOf: (request: Request) => Key): void {
  app[route.method](expressPath(route.path), async (request, response) => {
    const key = keyOf(request);
    const query = route.query ? parsed(route.query.strict(), { ...request.query }) : {};
    const body = route.body ? parsed(route.body, await readJson(request, response, context)) : undefined;
    if (route.bytes) assertType(request, route.bytes);
    await route.handle({ request, response, context, key, body, query, id: String(request.params.id ?? "") });
  });
}

function assertType(request: Request, types: readonly string[]): void {
  const type = String(request.headers["content-type"] ?? "")
    .split(";")[0]!
    .trim()
    .toLowerCase();
  if (types.some((one) => one === type || (one.endsWith("/*") && type.startsWith(one.slice(0, -1))))) return;
  throw new UserError(
    "unsupported_type",
    `content-type ${types.join(" or ")}`,
    type === "" ? "none" : "another",
    "name it in the header",
  );
}

/** The body as JSON; none at all is an empty object. @throws UserError unsupported_type, bad_request, upload_too_large, too_slow */
async function readJson(request: Request, response: Response, { limits }: Context): Promise<unknown> {
  const { headers } = request;
  const isThere = headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
  if (!isThere && headers["content-type"] === undefined) return {};
  assertType(request, ["application/json"]);
  if (headers["content-encoding"] !== undefined) {
    throw new UserError("unsupported_type", "a body as it is", "a compressed one", "send it without content-encoding");
  }
  if (headers.expect !== undefined) response.writeContinue();
  const parts: Buffer[] = [];
  const bounds = { wait_ms: limits.idleBody_ms, eachPart: false, mostBytes: limits.jsonBytes };
  await readBody(request, bounds, (part) => void parts.push(part));
  const text = Buffer.concat(parts)
    .toString("utf8")
    .replace(/^\uFEFF/, "");
  try {
    return JSON.parse(text);
  } catch {
    throw new UserError("bad_request", "JSON in UTF-8", text === "" ? "nothing" : "something else", "correct the body");
  }
}

/** No such address, or not this way: a GET never acts, so an acting address says which method it takes. */
function notThere({ method, baseUrl, path }: Request): UserError {
  const fitting = ROUTES.filter((route) =>
    new RegExp(`^${route.path.replaceAll(/\{\w+\}/g, "[^/]+")}$`).test(baseUrl + path),
  );
  if (fitting.length === 0) {
    return new UserError("not_found", "an address of docs/api.md", "another", "see /v1/openapi.json");
  }
  const methods = fitting.map((route) => route.method.toUpperCase()).join(", ");
  return new UserError("method_not_allowed", methods, method.slice(0, 20), `use ${methods}`);
}

function refuse(error: unknown, request: Request, response: Response): void {
  const { code, status } = (error ?? {}) as { code?: unknown; status?: unknown };
  // Express's own: an address that cannot be decoded.
  const known = error instanceof UserError || status !== 400 ? error : undecodable();
  const headers: Record<string, string> = {};
  if (code === "unauthorized") headers["www-authenticate"] = "Bearer";
  if (code === "too_many" || code === "stopping" || code === "queue_full") headers["retry-after"] = "5";
  // Who was not told to go on sends no body: the next request must not be taken for it.
  if (!request.complete && request.headers.expect !== undefined) headers.connection = "close";
  sendProblem(response, known, headers);
  if (!request.complete) letGo(request);
}

const undecodable = (): UserError => new UserError("bad_request", "an address in UTF-8", "another", "encode it");

const LINGER_MS = 2000;

/** A body that nobody wants: read on for a moment, or the answer would be lost with the connection. */
function letGo(request: Request): void {
  request.resume();
  const timer = setTimeout(() => request.destroy(), LINGER_MS).unref();
  request.once("end", () => clearTimeout(timer));
}
