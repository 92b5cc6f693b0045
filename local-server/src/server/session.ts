import { randomBytes } from "node:crypto";
import type { WebSocket } from "ws";
import { CALLS, type Change, CLOSE_CODES } from "../../protocol/index.ts";
import { asUserError, UserError } from "../errors.ts";
import { type Key, proofOf } from "./access.ts";
import { handle, isSharedCall } from "./calls.ts";
import type { Context } from "./context.ts";
import { listModels } from "./models.ts";
import { createOutbox } from "./outbox.ts";
import { parsed, problemOf } from "./problem.ts";
import { API_VERSIONS } from "./version.ts";

/** JSON-RPC's own error numbers; ours (the body in `data`) all have the last one. */
const RPC = { parse: -32700, invalid: -32600, unknown: -32601, params: -32602, refused: -32000 } as const;
const CAPABILITIES = ["resume", "uploads", "media", "mux", "events.sse"];

interface Call {
  readonly id: string | number;
  readonly method: string;
  readonly params: unknown;
}

export interface Session {
  readonly isIdentified: boolean;
  close(code: number, reason: string): void;
}

/**
 * One client's connection: greets, demands the proof within its time, then answers calls and, once asked to, tells every
 * change. It owns nothing: jobs go on when it ends.
 */
export function openSession(socket: WebSocket, address: string, context: Context): Session {
  const { limits, jobs, media, access, imports } = context;
  const challenge = randomBytes(32).toString("base64url");
  const inFlight = new Set<string | number>();
  let client: Key | null = null;
  let badMessages = 0;
  let unsubscribe = (): void => {};
  const outbox = createOutbox(
    {
      unsent: () => socket.bufferedAmount,
      send: (text) => socket.send(text),
      giveUp: () => close(CLOSE_CODES.overloaded, "the client reads too slowly"),
    },
    newsOf,
    limits,
  );
  const late = setTimeout(
    () => close(CLOSE_CODES.identifyTimeout, `no proof within ${limits.identify_ms / 1000} s`),
    limits.identify_ms,
  );

  function close(code: number, reason: string): void {
    unsubscribe();
    outbox.close();
    socket.close(code, reason);
    // A client that does not read never answers the farewell either.
    if (code === CLOSE_CODES.overloaded) socket.terminate();
  }

  const answer = (id: string | number | null, result: unknown): void =>
    outbox.send(JSON.stringify({ jsonrpc: "2.0", id, result }));
  const refuse = (id: string | number | null, code: number, error: unknown): void => {
    const data = problemOf(error);
    outbox.send(JSON.stringify({ jsonrpc: "2.0", id, error: { code, message: data.detail, data } }));
  };

  function hear(data: Buffer, isBinary: boolean): void {
    if (isBinary) return void close(CLOSE_CODES.badMessage, "text only");
    const call = callOf(data);
    if (typeof call === "string") return void misunderstood(call);
    if (inFlight.has(call.id)) return void close(CLOSE_CODES.duplicateId, "an id that is still in use");
    if (client === null && call.method !== "session.identify") {
      return void close(CLOSE_CODES.unauthorized, "identify first");
    }
    if (inFlight.size >= limits.requestsInFlight) {
      const expected = `at most ${limits.requestsInFlight} calls at once`;
      return void refuse(call.id, RPC.refused, new UserError("too_many", expected, "more", "wait for an answer"));
    }
    inFlight.add(call.id);
    run(call)
      .catch((error: unknown) => refuse(call.id, numberOf(error), error))
      .finally(() => inFlight.delete(call.id));
  }

  function misunderstood(why: string): void {
    badMessages += 1;
    if (client === null || badMessages > limits.badMessages) return void close(CLOSE_CODES.badMessage, why);
    const error = new UserError("bad_request", "a JSON-RPC 2.0 call", why, "send {jsonrpc, id, method, params}");
    refuse(null, why === "no JSON" ? RPC.parse : RPC.invalid, error);
  }

  async function run({ id, method, params }: Call): Promise<void> {
    if (method === "session.identify") return answer(id, identify(params));
    if (method === "state.subscribe") return subscribe(id, params);
    if (!isSharedCall(method)) throw new UnknownCall();
    answer(id, await handle(method, parsed(CALLS[method].params.strict(), params) as never, client!.name, context));
  }

  function identify(params: unknown): { proof: string } | undefined {
    if (client !== null) {
      close(CLOSE_CODES.identifiedTwice, "identified already");
      throw new UserError("bad_request", "one identify", "two", "connect anew");
    }
    const { clientNonce, auth } = parsed(CALLS["session.identify"].params, params);
    try {
      client = access.proven(challenge, auth, address);
    } catch (error) {
      queueMicrotask(() => close(CLOSE_CODES.unauthorized, asUserError(error).code));
      throw error;
    }
    clearTimeout(late);
    media.come(client.name);
    return { proof: proofOf(client, clientNonce) };
  }

  async function subscribe(id: string | number, params: unknown): Promise<void> {
    const { since } = parsed(CALLS["state.subscribe"].params, params);
    const changes = since === null ? null : jobs.changesSince(since);
    const models = changes === null ? await listModels() : [];
    // From here to the end nothing waits: no change falls between the state that is told and the first that is heard.
    unsubscribe();
    const { seq } = jobs;
    if (changes === null) {
      const takes = jobs.takes();
      const provider = takes.at(-1)?.record.provider ?? "";
      answer(id, { seq, snapshot: { jobs: jobs.jobs(), takes, models, provider } });
    } else {
      answer(id, { seq: since, snapshot: null });
      for (const change of changes) outbox.news(change);
    }
    const stops = [
      jobs.onChange((change) => outbox.news(change)),
      imports.onChange((news) => outbox.send(notification("models.changed", news))),
    ];
    unsubscribe = () => {
      for (const stop of stops) stop();
    };
  }

  socket.on("message", (data: Buffer, isBinary: boolean) => hear(data, isBinary));
  socket.on("error", () => {});
  socket.on("close", () => {
    clearTimeout(late);
    unsubscribe();
    outbox.close();
    if (client !== null) media.go(client.name);
  });
  outbox.send(notification("session.hello", { challenge, apiVersions: API_VERSIONS, capabilities: CAPABILITIES }));
  return {
    get isIdentified() {
      return client !== null;
    },
    close,
  };
}

class UnknownCall extends UserError {
  constructor() {
    super("bad_request", `one of ${Object.keys(CALLS).join(", ")}`, "another method", "see docs/api.md");
  }
}

const numberOf = (error: unknown): number => {
  if (error instanceof UnknownCall) return RPC.unknown;
  const { code } = asUserError(error);
  return code === "bad_value" || code === "bad_prompt" ? RPC.params : RPC.refused;
};

/** One change goes to every client: it is put into words once. */
const words = new WeakMap<Change, string>();
function newsOf(change: Change): string {
  const text = words.get(change) ?? notification("state.changed", change);
  words.set(change, text);
  return text;
}

const notification = (method: string, params: unknown): string => JSON.stringify({ jsonrpc: "2.0", method, params });

/** A message as a call, or what it is instead. Batches and notifications are none. */
function callOf(data: Buffer): Call | string {
  let message: unknown;
  try {
    message = JSON.parse(data.toString("utf8"));
  } catch {
    return "no JSON";
  }
  if (typeof message !== "object" || message === null || Array.isArray(message)) return "no object";
  const { jsonrpc, id, method, params } = message as Record<string, unknown>;
  if (jsonrpc !== "2.0") return "no jsonrpc 2.0";
  const isId = (typeof id === "string" && id.length <= 100) || Number.isSafeInteger(id);
  if (!isId) return "no id (a string or a whole number)";
  if (typeof method !== "string") return "no method";
  return { id: id as string | number, method, params: params ?? {} };
}
