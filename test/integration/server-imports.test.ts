import { existsSync, readdirSync, readFileSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import {
  type ErrorBody,
  importSchema,
  type ModelsNews,
  modelsNewsSchema,
  modelsSchema,
} from "../../local-server/protocol/index.ts";
import { tempFolder } from "../support/cli.ts";
import { holdImport } from "../support/processes.ts";
import { publishedFolder } from "../support/published.ts";
import { FILES } from "../support/published-files.ts";
import { type ServerHere, serveHere } from "../support/server.ts";

/** Published weights imported, cancelled and removed by clients of the server, over its sockets. */

let server: ServerHere;
let models: string;
let dir: string;
const news: ModelsNews[] = [];
beforeEach(async () => {
  models = tempFolder();
  dir = publishedFolder();
  news.length = 0;
  vi.stubEnv("FOLEY_MODELS", models);
  vi.stubEnv("FOLEY_PROVIDERS", "cpu");
  server = await serveHere();
});
afterEach(async () => {
  await server.close();
  vi.unstubAllEnvs();
});

const agreed = () => ({ dir, id: "tiny", licence: "tencent-hunyuan-community", territory: "us" });
const listen = (method: string, params: unknown): void => {
  if (method === "models.changed") news.push(modelsNewsSchema.parse(params));
};
const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await new Promise((settle) => setTimeout(settle, 20));
};
/** The import has a folder that says whose it is. */
const isOwned = (): boolean => {
  const lock = join(models, ".import-tiny/import.pid");
  return existsSync(lock) && readFileSync(lock, "utf8") !== "";
};
const list = async () => modelsSchema.parse(await (await server.ask("/v1/models")).json());
const refused = async (answer: Promise<Response>): Promise<[number, string, ErrorBody]> => {
  const { status, body } = await answer.then(async (one) => ({
    status: one.status,
    body: (await one.json()) as ErrorBody,
  }));
  return [status, body.code, body];
};

test("imported with consent, told as it goes, listed, removed", { timeout: 120_000 }, async () => {
  const client = await server.connect(listen);
  await client.call("state.subscribe", { since: null });
  const { licence, import: none } = await client.call("models.list", {});
  expect(none).toBeNull();
  expect(licence.terms).toContain("European Union");
  expect(licence.excluded).toEqual(expect.arrayContaining(["DE", "GB", "KR"]));

  const begun = await server.post("/v1/models/import", agreed());
  expect([begun.status, begun.headers.get("location")]).toEqual([202, "/v1/models"]);
  expect(importSchema.parse(await begun.json())).toMatchObject({ id: "tiny", dtype: "int8", state: "running" });
  expect((await refused(server.post("/v1/models/import", { ...agreed(), id: "other" }))).slice(0, 2)).toEqual([
    409,
    "import_running",
  ]);
  await until(() => news.at(-1)?.import?.state !== "running");
  expect(news.at(-1)?.import).toMatchObject({ id: "tiny", state: "done", error: null });
  expect(news.at(-1)?.models).toContainEqual(expect.objectContaining({ id: "tiny", problem: null, imported: true }));
  expect(new Set(news.map((one) => one.import?.stage))).toContain("writing");
  expect((await list()).models).toContainEqual(expect.objectContaining({ id: "foley-mini", imported: false }));

  expect((await server.ask("/v1/models/foley-mini", { method: "DELETE" })).status).toBe(404);
  await client.call("models.remove", { id: "tiny" });
  expect((await list()).models.map(({ id }) => id)).not.toContain("tiny");
  expect(news.at(-1)?.models?.map(({ id }) => id)).not.toContain("tiny");
  expect(readdirSync(models)).toEqual([]);
  client.close();
});

test("nothing begins without consent, where the licence grants nothing, or without a folder", async () => {
  const ask = (change: object) => refused(server.post("/v1/models/import", { ...agreed(), ...change }));
  for (const territory of ["DE", "fr", "UK", "GB", "KR"]) {
    const [status, code, { todo }] = await ask({ territory });
    expect([territory, status, code]).toEqual([territory, 451, "licence"]);
    expect(todo).toContain("grants nothing in the European Union, the United Kingdom and South Korea");
  }
  expect((await ask({ licence: "yes" })).slice(0, 2)).toEqual([451, "licence"]);
  expect((await ask({ id: "../tiny" })).slice(0, 2)).toEqual([422, "bad_value"]);
  expect((await ask({ dir: join(dir, "none") })).slice(0, 2)).toEqual([404, "not_found"]);
  expect((await ask({ dir: join(dir, FILES.vae) })).slice(0, 2)).toEqual([404, "not_found"]);
  expect((await ask({ dir: "weights" })).slice(0, 2)).toEqual([404, "not_found"]);
  expect((await list()).import).toBeNull();
  expect(readdirSync(models)).toEqual([]);
});

test("a cancelled import leaves nothing, and the next one begins", { timeout: 120_000 }, async () => {
  const client = await server.connect(listen);
  await client.call("state.subscribe", { since: null });
  await client.call("models.import", agreed());
  // One that hears nothing is killed, and what it had made goes all the same.
  await until(() => isOwned());
  await holdImport(process.pid);
  await client.call("models.importCancel", {});
  expect(readdirSync(models)).toEqual([]);
  expect((await list()).import).toMatchObject({ state: "cancelled", error: { code: "cancelled" } });
  expect((await client.call("models.import", agreed())).state).toBe("running");
  await until(() => readdirSync(models).length > 0);
  // A server that stops takes its import along.
  client.close();
  await server.server.close();
  expect(readdirSync(models)).toEqual([]);
});

test("weights that cannot be read are named with file and next step", { timeout: 120_000 }, async () => {
  truncateSync(join(dir, FILES.denoiser), 500_000);
  expect((await server.post("/v1/models/import", agreed())).status).toBe(202);
  let now = (await list()).import;
  while (now?.state === "running") now = (await list()).import;
  expect(now).toMatchObject({ state: "failed", error: { code: "bad_weights" } });
  expect(`${now!.error!.expected} ${now!.error!.came}`).toContain("hunyuanvideo_foley.pth");
  expect(readdirSync(models)).toEqual([]);
});
