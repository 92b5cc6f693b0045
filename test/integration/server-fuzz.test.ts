import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ERRORS } from "../../local-server/protocol/index.ts";
import { ROUTES } from "../../local-server/src/server/routes/index.ts";
import { type ServerHere, serveHere } from "../support/server.ts";

/** Well-formed requests with any values, with the right key, at every address: never a fault of ours, always a clear answer. */

let server: ServerHere;
beforeAll(async () => {
  server = await serveHere({ limits: { idleBody_ms: 2000 } });
});
afterAll(() => server.close());

const odd = fc.oneof(
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.constantFrom(
    "",
    "..",
    "../../etc/passwd",
    "/dev/zero",
    "%00",
    "__proto__",
    "null",
    "-1",
    "1e999",
    "x".repeat(5000),
    "💥",
  ),
  fc.integer().map(String),
);
const ticks = fc.oneof(fc.constantFrom("0", "1", "254016000000", "99999999999999999999"), odd);
/** Bodies that look like the real one, a field or two being anything. */
const body = fc.oneof(
  fc.jsonValue(),
  fc.record(
    {
      prompt: odd,
      toTicks: ticks,
      fromTicks: ticks,
      video: odd,
      path: odd,
      model: odd,
      seed: fc.oneof(fc.double(), fc.integer()),
      takes: fc.integer({ min: -5, max: 50 }),
      guide: fc.record({ kind: fc.constantFrom("bank", "file", "folder", "none", "x"), path: odd }),
      regenerate: fc.record({ take: odd, fromTicks: ticks, toTicks: ticks }),
      events: fc.array(fc.jsonValue(), { maxLength: 3 }),
      hearted: fc.oneof(fc.boolean(), odd),
      priority: fc.integer(),
    },
    { requiredKeys: [] },
  ),
);
const header = fc.string({
  unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
  maxLength: 120,
});

test("any values at every address", { timeout: 240_000 }, async () => {
  const counts = new Map<number, number>();
  // What examines the machine takes seconds and asks for nothing.
  const routes = ROUTES.filter(({ name }) => name !== "examine");
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...routes), odd, odd, body, header, async (route, id, query, content, name) => {
      const search = route.query ? `?columns=${encodeURIComponent(query.toWellFormed())}` : "";
      const path = route.path.replace("{id}", encodeURIComponent(id.toWellFormed()) || "x") + search;
      const hasBody = route.body !== undefined || route.bytes !== undefined;
      const answer = await server.ask(path, {
        method: route.method.toUpperCase(),
        headers: {
          ...(hasBody ? { "content-type": route.bytes ? "video/mp4" : "application/json" } : {}),
          ...(name ? { "idempotency-key": name, "last-event-id": name, "foley-file-name": name, range: name } : {}),
        },
        ...(hasBody ? { body: JSON.stringify(content) } : {}),
      });
      const type = answer.headers.get("content-type") ?? "";
      const text = await answer.text();
      counts.set(answer.status, (counts.get(answer.status) ?? 0) + 1);
      expect(answer.status, `${route.method} ${path}: ${text}`).toBeLessThan(500);
      if (answer.status >= 400) {
        expect(type).toBe("application/problem+json");
        expect(Object.keys(ERRORS)).toContain(JSON.parse(text).code);
        expect(text).not.toContain(server.token);
      }
    }),
    { numRuns: 1000, seed: 20261126, endOnFailure: true },
  );
  console.log(Object.fromEntries([...counts].sort(([a], [b]) => a - b)));
  for (const { id } of server.jobs.jobs()) await server.jobs.cancel(id);
});
