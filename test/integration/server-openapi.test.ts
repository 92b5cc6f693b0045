import { Validator } from "@seriousme/openapi-schema-validator";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ERRORS } from "../../local-server/protocol/index.ts";
import { PASS_ROUTE, ROUTES } from "../../local-server/src/server/routes/index.ts";
import { type ServerHere, serveHere } from "../support/server.ts";

type Operation = {
  readonly operationId: string;
  readonly security?: unknown[];
  readonly responses: Record<string, { content?: Record<string, unknown> }>;
};
type Document = {
  readonly openapi: string;
  readonly info: { title?: string };
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: {
    schemas: Record<string, { properties?: Record<string, { enum?: string[] }>; required?: string[] }>;
  };
};

let server: ServerHere;
let document: Document;
beforeAll(async () => {
  server = await serveHere();
  document = (await (await server.ask("/v1/openapi.json")).json()) as Document;
});
afterAll(() => server.close());

test("the served document is valid OpenAPI 3.1 and every reference in it leads somewhere", async () => {
  const validator = new Validator();
  const { valid, errors } = await validator.validate(structuredClone(document) as Record<string, unknown>);
  expect([errors, valid, validator.version]).toEqual([undefined, true, "3.1"]);
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(([, to]) => to!);
  expect(references.length).toBeGreaterThan(10);
  for (const to of references) {
    const name = /^#\/components\/schemas\/(\w+)$/.exec(to)?.[1] ?? to;
    expect(Object.keys(document.components.schemas), to).toContain(name);
  }
});

test("the validator finds what is wrong with a broken document", async () => {
  const broken = structuredClone(document) as Record<string, unknown> & { info: { title?: string } };
  delete broken.info.title;
  expect((await new Validator().validate(broken)).valid).toBe(false);
});

test("every address of the server stands in it and no other, each with a name of its own", () => {
  const described = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method} ${path}`),
  );
  const served = [...ROUTES, PASS_ROUTE].map(({ method, path }) => `${method} ${path}`);
  expect(described.sort()).toEqual([...served, "get /healthz"].sort());
  const names = Object.values(document.paths).flatMap((methods) =>
    Object.values(methods).map(({ operationId }) => operationId),
  );
  expect(new Set(names).size).toBe(names.length);
  expect(document.components.schemas.Problem?.properties?.code?.enum).toEqual(Object.keys(ERRORS));
});

test("a take's record always says which recordings are heard and whom to credit", () => {
  const { TakeRecord, Credit } = document.components.schemas;
  expect(TakeRecord?.required).toEqual(expect.arrayContaining(["recordings", "credits"]));
  expect(TakeRecord?.properties?.credits).toMatchObject({
    type: "array",
    items: { $ref: expect.stringMatching(/Credit$/) },
  });
  expect(Credit?.required?.sort()).toEqual(["author", "licence", "source"]);
});

test("what is answered is what the document says, no field more", { timeout: 60_000 }, async () => {
  for (const { method, path, answers } of ROUTES) {
    const schema = answers[200]?.schema;
    if (method !== "get" || schema === undefined || path.includes("{")) continue;
    const answer = await (await server.ask(path)).json();
    expect([path, schema.parse(answer)]).toEqual([path, answer]);
  }
});

test("every address that needs a key refuses without one, as the document says, and does nothing", async () => {
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const [method, { security, responses }] of Object.entries(methods)) {
      const answer = await fetch(server.origin + path.replace("{id}", "x"), {
        method: method.toUpperCase(),
        ...(method === "get" || method === "delete"
          ? {}
          : { headers: { "content-type": "application/json" }, body: "{}" }),
      });
      await answer.arrayBuffer();
      const isOpen = security?.length === 0;
      expect([method, path, answer.status === 401]).toEqual([method, path, !isOpen]);
      expect(Object.keys(responses), `${method} ${path}`).toContain(String(answer.status));
    }
  }
});

test("a GET never acts: the addresses that do take no GET", async () => {
  for (const { path, method } of ROUTES.filter((one) => one.method === "post")) {
    if (ROUTES.some((one) => one.path === path && one.method === "get")) continue;
    const answer = await server.ask(path.replace("{id}", "x"));
    expect([method, path, answer.status, ((await answer.json()) as { code: string }).code]).toEqual([
      method,
      path,
      405,
      "method_not_allowed",
    ]);
  }
});
