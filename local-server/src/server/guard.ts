import type { IncomingMessage, ServerResponse } from "node:http";
import { isIP } from "node:net";
import { UserError } from "../errors.ts";

/** Whom the server listens to, checked for every request and every upgrade before anything else looks at them. */
export interface Guard {
  /** @throws UserError wrong_host, wrong_origin, bad_request */
  check(request: IncomingMessage): void;
  /** Answers a preflight (then true), else adds what lets an allowed page read the answer. */
  cors(request: IncomingMessage, response: ServerResponse): boolean;
}

/**
 * A page on disk (the panel in Premiere) has the origin `null` or `file://`. So has a hostile page's sandboxed frame: the
 * list keeps ordinary pages out, the key does the rest.
 */
const PAGES_ON_DISK = ["null", "file://"];

export interface GuardOptions {
  readonly port: number;
  /** Everyone's: any address of this machine is a fitting Host, since a rebound name would still lack a key. */
  readonly shared: boolean;
  readonly names: readonly string[];
}

export function createGuard({ port, shared, names }: GuardOptions): Guard {
  const hosts = new Set(["127.0.0.1", "localhost"].map((name) => `${name}:${port}`));
  const knows = (host: string): boolean => {
    if (hosts.has(host)) return true;
    if (!shared) return false;
    const name = host.replace(/:\d{1,5}$/, "").replace(/^\[(.*)\]$/, "$1");
    return isIP(name) > 0 || name === "localhost" || names.includes(name);
  };
  const isOwn = (origin: string): boolean => {
    const host = /^https?:\/\/([^/]+)$/.exec(origin)?.[1];
    return host !== undefined && knows(host) && (shared || origin.startsWith("http://"));
  };
  return {
    check({ headers, headersDistinct }) {
      const host = headers.host?.toLowerCase();
      if ((headersDistinct.host?.length ?? 0) > 1 || (headersDistinct.origin?.length ?? 0) > 1) {
        throw new UserError("bad_request", "one Host and one Origin", "several", "send each once");
      }
      if (host === undefined || !knows(host)) {
        const todo = shared ? "start it with --allow-host NAME" : "use the address that `foley serve` prints";
        throw new UserError("wrong_host", "the server's own name as Host", "another", todo);
      }
      const { origin } = headers;
      if (origin === undefined || PAGES_ON_DISK.includes(origin)) return;
      // In shared mode another page of this machine would be "own", too: it must be the very host that is asked.
      if (isOwn(origin) && (!shared || origin.replace(/^https?:\/\//, "") === host)) return;
      throw new UserError("wrong_origin", "a page of ours", "a page of another origin", "open the panel itself");
    },
    cors(request, response) {
      const { origin } = request.headers;
      response.setHeader("vary", "Origin");
      if (origin !== undefined) {
        response.setHeader("access-control-allow-origin", origin);
        response.setHeader("access-control-expose-headers", "location, etag, retry-after, content-range");
      }
      if (request.method !== "OPTIONS") return false;
      response.setHeader("access-control-allow-methods", "GET, HEAD, POST, PATCH, DELETE");
      response.setHeader(
        "access-control-allow-headers",
        "authorization, content-type, foley-file-name, idempotency-key, last-event-id, range, if-range",
      );
      response.setHeader("access-control-max-age", "600");
      response.writeHead(204, { "content-length": 0 }).end();
      return true;
    },
  };
}
