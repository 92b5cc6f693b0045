import type { Change } from "../../protocol/index.ts";

/** Where messages go: a socket or a response. */
export interface Sink {
  /** Bytes handed over that the client has not taken yet. */
  unsent(): number;
  send(text: string): void;
  /** The client has stopped reading. */
  giveUp(): void;
}

export interface Outbox {
  /** An answer: goes out at once. */
  send(text: string): void;
  /** News: while the client reads too slowly only the newest of each job and take is kept. */
  news(change: Change): void;
  /** Runs once nothing waits any more. */
  whenEmpty(act: () => void): void;
  close(): void;
}

const RETRY_MS = 100;

/** Keeps what a slow reader costs bounded: above `coalesceBytes` news wait and merge, above `unsentBytes` it is let go. */
export function createOutbox(
  sink: Sink,
  format: (change: Change) => string,
  { coalesceBytes, unsentBytes }: { readonly coalesceBytes: number; readonly unsentBytes: number },
): Outbox {
  // In the order of seq: a newer state takes the place at the end.
  const waiting = new Map<string, Change>();
  /** One message may be larger than the limit (everything there is, after a long absence): it counts once. */
  let allowance = 0;
  let timer: NodeJS.Timeout | undefined;
  let last: (() => void) | undefined;

  const send = (text: string): void => {
    if (sink.unsent() <= coalesceBytes) allowance = 0;
    if (sink.unsent() > unsentBytes + allowance) return void sink.giveUp();
    allowance = Math.max(allowance, text.length);
    sink.send(text);
  };
  const flush = (): void => {
    for (const [name, change] of waiting) {
      if (sink.unsent() > coalesceBytes) return;
      waiting.delete(name);
      send(format(change));
    }
    clearInterval(timer);
    timer = undefined;
    last?.();
  };
  return {
    send,
    news(change) {
      if (waiting.size === 0 && sink.unsent() <= coalesceBytes) return send(format(change));
      const name = nameOf(change);
      waiting.delete(name);
      waiting.set(name, change);
      timer ??= setInterval(flush, RETRY_MS);
    },
    whenEmpty(act) {
      last = act;
      if (waiting.size === 0) act();
    },
    close: () => clearInterval(timer),
  };
}

const nameOf = (change: Change): string => {
  if (change.type === "job") return `job ${change.job.id}`;
  return `take ${change.type === "take" ? change.take.id : change.takeId}`;
};
