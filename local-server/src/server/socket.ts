import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import { CLOSE_CODES, SUBPROTOCOL } from "../../protocol/index.ts";
import type { Context } from "./context.ts";
import { openSession, type Session } from "./session.ts";

export const SOCKET_PATH = "/v1/socket";

export interface Sockets {
  /** An upgrade whose Host and Origin were found right. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Clients that have proven themselves. */
  readonly clients: number;
  close(): void;
}

export function createSockets(context: Context): Sockets {
  const { limits } = context;
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: limits.frameBytes,
    maxFragments: limits.frameFragments,
    perMessageDeflate: false,
    clientTracking: false,
    // One must be chosen or the browser gives no reason; a version that we do not speak is told by the close code.
    handleProtocols: (offered) => (offered.has(SUBPROTOCOL) ? SUBPROTOCOL : (offered.values().next().value ?? false)),
  });
  const sessions = new Map<WebSocket, { readonly session: Session; missed: number }>();
  const heartbeat = setInterval(() => {
    for (const [socket, state] of sessions) {
      if (state.missed >= limits.missedPings) socket.terminate();
      else socket.ping();
      state.missed += 1;
    }
  }, limits.ping_ms);
  heartbeat.unref();

  server.on("connection", (socket, request) => {
    socket.on("error", () => {});
    if (socket.protocol !== SUBPROTOCOL) {
      return socket.close(CLOSE_CODES.unsupportedVersion, `speak ${SUBPROTOCOL}`);
    }
    const state = { session: openSession(socket, request.socket.remoteAddress ?? "", context), missed: 0 };
    sessions.set(socket, state);
    socket.on("pong", () => {
      state.missed = 0;
    });
    socket.on("close", () => sessions.delete(socket));
  });
  return {
    upgrade: (request, socket, head) =>
      server.handleUpgrade(request, socket, head, (webSocket) => server.emit("connection", webSocket, request)),
    get clients() {
      return [...sessions.values()].filter(({ session }) => session.isIdentified).length;
    },
    close() {
      clearInterval(heartbeat);
      for (const [socket, { session }] of sessions) {
        session.close(CLOSE_CODES.goingAway, "the server stops");
        setTimeout(() => socket.terminate(), 1000).unref();
      }
    },
  };
}
