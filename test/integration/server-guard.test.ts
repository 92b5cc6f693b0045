import { readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { rawRequest, type ServerHere, serveHere, statusOf } from "../support/server.ts";

/** Who gets in: every combination of Host, Origin and key, as bytes on a socket, over HTTP and as an upgrade. */

let server: ServerHere;
beforeAll(async () => {
  server = await serveHere({ limits: { wrongKeysPerMinute: 100_000 } });
});
afterAll(() => server.close());
afterEach(() => {
  expect(server.jobs.jobs()).toEqual([]);
  expect(readdirSync(join(server.dataFolder, "uploads"))).toEqual([]);
});

const HOSTS = (port: number): [string | null, boolean][] => [
  [`127.0.0.1:${port}`, true],
  [`localhost:${port}`, true],
  [`LOCALHOST:${port}`, true],
  ["127.0.0.1", false],
  [`127.0.0.1:${port + 1}`, false],
  [`127.0.0.1:${port}.evil.example`, false],
  [`evil.example:${port}`, false],
  [`[::1]:${port}`, false],
  [`0.0.0.0:${port}`, false],
  [`127.1:${port}`, false],
  ["", false],
];
const ORIGINS = (port: number): [string | null, boolean][] => [
  [null, true],
  ["null", true],
  ["file://", true],
  [`http://127.0.0.1:${port}`, true],
  [`http://localhost:${port}`, true],
  [`https://127.0.0.1:${port}`, false],
  [`http://127.0.0.1:${port + 1}`, false],
  ["http://127.0.0.1", false],
  [`http://127.0.0.1:${port}.evil.example`, false],
  [`http://evil.example:${port}`, false],
  ["https://evil.example", false],
  ["chrome-extension://abcdefgh", false],
  ["app://panel", false],
  ["NULL", false],
  ["", false],
];
const KEYS = (token: string): [string | null, boolean][] => [
  [`Bearer ${token}`, true],
  [null, false],
  ["Bearer ", false],
  [`Bearer ${token.slice(0, -1)}`, false],
  [`Bearer ${token}x`, false],
  [`Bearer ${"x".repeat(43)}`, false],
  [`Basic ${Buffer.from(`:${token}`).toString("base64")}`, false],
  [token, false],
];

test("only the right Host, a known Origin and the right key together get in", { timeout: 120_000 }, async () => {
  const { port, token } = server;
  const asked: Promise<void>[] = [];
  for (const [host, rightHost] of HOSTS(port)) {
    for (const [origin, rightOrigin] of ORIGINS(port)) {
      for (const [key, rightKey] of KEYS(token)) {
        const headers = [
          `Host: ${host}`,
          ...(origin === null ? [] : [`Origin: ${origin}`]),
          ...(key === null ? [] : [`Authorization: ${key}`]),
        ];
        const expected = !rightHost ? 421 : !rightOrigin ? 403 : !rightKey ? 401 : 200;
        asked.push(
          rawRequest(port, "GET", "/v1/jobs", headers).then((answer) => {
            expect([host, origin, key, statusOf(answer)]).toEqual([host, origin, key, expected]);
            expect(answer.slice(answer.indexOf("\r\n\r\n"))).not.toContain(token);
            const allowed = /access-control-allow-origin: (.*)\r/i.exec(answer)?.[1] ?? null;
            expect(allowed).toBe(rightHost && rightOrigin ? origin : null);
            expect(answer).not.toMatch(/access-control-allow-credentials/i);
            expect(answer).toMatch(/x-content-type-options: nosniff/i);
          }),
        );
        if (asked.length % 200 === 0) await Promise.all(asked);
      }
    }
  }
  await Promise.all(asked);
});

test("an upgrade is held to the same Host and Origin, and to the socket's path", async () => {
  const { port } = server;
  const upgrade = (host: string, origin: string | null, path = "/v1/socket") =>
    rawRequest(
      port,
      "GET",
      path,
      [
        `Host: ${host}`,
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        `Sec-WebSocket-Key: ${Buffer.alloc(16).toString("base64")}`,
        "Sec-WebSocket-Protocol: foley.v1",
        ...(origin === null ? [] : [`Origin: ${origin}`]),
      ].concat("Connection: Upgrade"),
    );
  const checks: Promise<void>[] = [];
  for (const [host, rightHost] of HOSTS(port).filter(([, right]) => !right)) {
    checks.push(
      upgrade(host!, null).then((answer) => expect([host, rightHost, statusOf(answer)]).toEqual([host, false, 421])),
    );
  }
  for (const [origin] of ORIGINS(port).filter(([, right]) => !right)) {
    checks.push(
      upgrade(`127.0.0.1:${port}`, origin).then((answer) => expect([origin, statusOf(answer)]).toEqual([origin, 403])),
    );
  }
  checks.push(upgrade(`127.0.0.1:${port}`, null, "/v1/jobs").then((answer) => expect(statusOf(answer)).toBe(404)));
  await Promise.all(checks);
});

test("two Hosts, none, or another's address in the request line are refused", async () => {
  const { port, token } = server;
  const key = `Authorization: Bearer ${token}`;
  const own = `Host: 127.0.0.1:${port}`;
  expect(statusOf(await rawRequest(port, "GET", "/v1/jobs", [own, "Host: evil.example", key]))).toBe(400);
  expect(statusOf(await rawRequest(port, "GET", "/v1/jobs", [key]))).toBe(400);
  expect(statusOf(await rawRequest(port, "GET", "/v1/jobs", [own, "Origin: null", "Origin: null", key]))).toBe(400);
  expect(statusOf(await rawRequest(port, "GET", "/v1/jobs", ["Host: evil.example", key]))).toBe(421);
});

test("a key in the address opens nothing", async () => {
  for (const path of [`/v1/jobs?token=${server.token}`, `/v1/jobs?access_token=${server.token}`]) {
    expect((await fetch(server.origin + path)).status).toBe(401);
  }
});

test("without a key only that the server is there can be learnt", async () => {
  const answer = await fetch(`${server.origin}/healthz`);
  expect([answer.status, await answer.text()]).toEqual([200, '{"ok":true}']);
  expect([...answer.headers.keys()].join()).not.toMatch(/server|powered/);
  const missing = await fetch(`${server.origin}/v1/nowhere`);
  expect(missing.status).toBe(401);
});

test("a preflight names exactly what is allowed, to a page on disk; no other gets one", async () => {
  const preflight = (origin: string) =>
    fetch(`${server.origin}/v1/jobs`, {
      method: "OPTIONS",
      headers: { origin, "access-control-request-method": "POST", "access-control-request-headers": "authorization" },
    });
  const answer = await preflight("null");
  expect([answer.status, answer.headers.get("access-control-allow-origin")]).toEqual([204, "null"]);
  expect(answer.headers.get("access-control-allow-methods")).toBe("GET, HEAD, POST, PATCH, DELETE");
  expect(answer.headers.get("access-control-allow-headers")).not.toContain("*");
  expect(answer.headers.get("vary")).toBe("Origin");
  expect((await preflight("https://evil.example")).status).toBe(403);
});

test.each([
  "text/plain",
  "application/x-www-form-urlencoded",
  "multipart/form-data; boundary=x",
  "",
  "application/jsonp",
])("a body of type '%s' is not read", async (type) => {
  const headers = { "content-type": type, authorization: `Bearer ${server.token}` };
  const answer = await fetch(`${server.origin}/v1/jobs`, { method: "POST", headers, body: '{"prompt":"x"}' });
  expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([415, "unsupported_type"]);
});

test("a compressed, a huge and a slow body, and one that is no JSON, get their refusal", async () => {
  const short = await serveHere({ limits: { jsonBytes: 1000, idleBody_ms: 300 } });
  const head = (length: number, ...more: string[]) =>
    [`Host: 127.0.0.1:${short.port}`, `Authorization: Bearer ${short.token}`, "Content-Type: application/json"].concat(
      `Content-Length: ${length}`,
      more,
    );
  try {
    const post = async (length: number, body: string, ...more: string[]) => {
      const answer = await rawRequest(short.port, "POST", "/v1/jobs", head(length, ...more), body);
      return [statusOf(answer), /"code":"(\w+)"/.exec(answer)?.[1]];
    };
    expect(await post(2, "{}", "Content-Encoding: gzip")).toEqual([415, "unsupported_type"]);
    expect(await post(2000, "")).toEqual([413, "upload_too_large"]);
    expect(await post(500, '{"prompt":')).toEqual([408, "too_slow"]);
    expect(await post(3, "{x}")).toEqual([400, "bad_request"]);
    expect(await post(0, "")).toEqual([400, "bad_request"]);
    const chunked = head(0).filter((line) => !line.startsWith("Content-Length"));
    const body = `${(1500).toString(16)}\r\n${"x".repeat(1500)}\r\n0\r\n\r\n`;
    const answer = await rawRequest(short.port, "POST", "/v1/jobs", [...chunked, "Transfer-Encoding: chunked"], body);
    expect(statusOf(answer)).toBe(413);
    expect(short.jobs.jobs()).toEqual([]);
  } finally {
    await short.close();
  }
});

test("wrong keys are counted: then 429, while on this machine the right one still works", async () => {
  const strict = await serveHere({ limits: { wrongKeysPerMinute: 5 } });
  const ask = (key: string) => strict.ask("/v1/jobs", { headers: { authorization: `Bearer ${key}` } });
  try {
    const statuses = [];
    for (let i = 0; i < 7; i++) statuses.push((await ask("wrong")).status);
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429, 429]);
    expect((await strict.ask("/v1/jobs")).status).toBe(200);
    await expect(strict.connect()).resolves.toBeDefined();
  } finally {
    await strict.close();
  }
});

test("shared with other machines an address that guessed has to wait, with the right key as well", async () => {
  const keys = [
    { name: "ada", secret: "a".repeat(20) },
    { name: "bo", secret: "b".repeat(20) },
  ];
  const shared = { roots: [], names: ["foley.example"] };
  const strict = await serveHere({ keys, shared, limits: { wrongKeysPerMinute: 3 } });
  const ask = (key: string) => strict.ask("/v1/jobs", { headers: { authorization: `Bearer ${key}` } });
  try {
    expect((await ask("a".repeat(20))).status).toBe(200);
    expect((await ask("b".repeat(20))).status).toBe(200);
    expect(await Promise.all([1, 2, 3].map(async () => (await ask("wrong")).status))).toEqual([401, 401, 401]);
    expect((await ask("a".repeat(20))).status).toBe(429);
    const health = (host: string) =>
      rawRequest(strict.port, "GET", "/healthz", [`Host: ${host}`]).then((answer) => statusOf(answer));
    expect(await health("foley.example")).toBe(200);
    expect(await health("192.0.2.7:8080")).toBe(200);
    expect(await health("[2001:db8::1]:8080")).toBe(200);
    expect(await health("evil.example")).toBe(421);
  } finally {
    await strict.close();
  }
});

test("the panel's page may load and talk to its own server only", async () => {
  const page = await fetch(`${server.origin}/`);
  expect([page.status, page.headers.get("content-type")]).toEqual([200, "text/html; charset=utf-8"]);
  const policy = page.headers.get("content-security-policy")!;
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("script-src 'self';");
  expect(policy).toContain(`connect-src 'self' ws://127.0.0.1:${server.port}`);
  expect(policy).toContain("frame-ancestors 'none'");
  for (const path of [
    "/../package.json",
    "/%2e%2e/package.json",
    "/..%2fpackage.json",
    "/.made-from",
    "//etc/passwd",
  ]) {
    const answer = await rawRequest(server.port, "GET", path, [`Host: 127.0.0.1:${server.port}`]);
    expect([path, [400, 403, 404].includes(statusOf(answer))]).toEqual([path, true]);
    expect(answer).toContain("application/problem+json");
  }
});
