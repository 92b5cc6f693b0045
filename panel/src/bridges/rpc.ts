/**
 * JSON-RPC 2.0 over one WebSocket. Both sides prove that they hold the launch token without sending it: the server
 * greets with a challenge, we answer HMAC-SHA-256(token, "c" + challenge), it answers HMAC(token, "s" + our nonce).
 */
export interface Rpc {
  call(method: string, params: unknown): Promise<unknown>;
  close(): void;
}

export interface RpcOptions {
  readonly url: string;
  readonly subprotocol: string;
  readonly token: string;
  readonly clientId: string;
  readonly onNotification: (method: string, params: unknown) => void;
  readonly onClose: (reason: string) => void;
}

/** An error answer of JSON-RPC; `data` is the protocol's error body where the server gave one. */
export class RpcError extends Error {
  readonly code: number;
  readonly data: unknown;
  constructor(code: number, message: string, data: unknown) {
    super(message);
    this.code = code;
    this.data = data;
  }
}

const CONNECT_MS = 5_000;
const ANSWER_MS = 30_000;

async function hmacHex(token: string, text: string): Promise<string> {
  const bytes = new TextEncoder();
  const key = await crypto.subtle.importKey("raw", bytes.encode(token), { name: "HMAC", hash: "SHA-256" }, false, [
    "sign",
  ]);
  const signature = new Uint8Array(await crypto.subtle.sign("HMAC", key, bytes.encode(text)));
  return [...signature].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

const nonce = (): string =>
  [...crypto.getRandomValues(new Uint8Array(32))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Opens, proves both sides, and resolves when calls may be made. @throws Error where the server is not ours or not there */
export function connectRpc({ url, subprotocol, token, clientId, onNotification, onClose }: RpcOptions): Promise<Rpc> {
  return new Promise((settle, fail) => {
    const socket = new WebSocket(url, subprotocol);
    const waiting = new Map<number, { settle: (value: unknown) => void; fail: (error: Error) => void }>();
    let lastId = 0;
    let identified = false;
    const timer = setTimeout(() => end("no greeting within 5 s"), CONNECT_MS);

    const call = (method: string, params: unknown): Promise<unknown> =>
      new Promise((done, failed) => {
        if (socket.readyState !== WebSocket.OPEN) return failed(new Error("the connection is closed"));
        const id = ++lastId;
        const late = setTimeout(
          () => waiting.get(id)?.fail(new Error(`no answer to ${method} within 30 s`)),
          ANSWER_MS,
        );
        const over = (): void => {
          clearTimeout(late);
          waiting.delete(id);
        };
        waiting.set(id, {
          settle: (value) => {
            over();
            done(value);
          },
          fail: (error) => {
            over();
            failed(error);
          },
        });
        socket.send(JSON.stringify({ jsonrpc: "2.0", id, method, params }));
      });

    async function identify(params: unknown): Promise<void> {
      const challenge = isRecord(params) && typeof params.challenge === "string" ? params.challenge : undefined;
      if (challenge === undefined) throw new Error("a greeting without challenge");
      const clientNonce = nonce();
      const answer = await call("session.identify", {
        clientId,
        clientNonce,
        auth: await hmacHex(token, `c${challenge}`),
      });
      const proof = isRecord(answer) ? answer.proof : undefined;
      if (proof !== (await hmacHex(token, `s${clientNonce}`)))
        throw new Error("whoever answers there does not hold our token");
      identified = true;
      clearTimeout(timer);
      settle({ call, close: () => socket.close(1000) });
    }

    function end(reason: string): void {
      clearTimeout(timer);
      socket.onmessage = null;
      socket.onclose = null;
      socket.close();
      for (const { fail: failed } of [...waiting.values()]) failed(new Error(reason));
      if (identified) onClose(reason);
      else fail(new Error(reason));
    }

    socket.onclose = ({ code, reason }) => end(reason || `connection closed (${code})`);
    socket.onmessage = ({ data }) => {
      let message: unknown;
      try {
        message = JSON.parse(String(data));
      } catch {
        return end("an answer that is no JSON");
      }
      if (!isRecord(message)) return end("an answer that is no object");
      if (typeof message.id === "number") {
        const asked = waiting.get(message.id);
        if (isRecord(message.error)) {
          const { code, message: words, data: body } = message.error;
          asked?.fail(new RpcError(Number(code), String(words), body));
        } else asked?.settle(message.result);
      } else if (message.method === "session.hello") {
        identify(message.params).catch((error: unknown) => end(error instanceof Error ? error.message : String(error)));
      } else if (identified && typeof message.method === "string") onNotification(message.method, message.params);
    };
  });
}
