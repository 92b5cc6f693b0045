import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type Change, type JobResource, jobSchema } from "../../../local-server/protocol/index.ts";
import { createOutbox } from "../../../local-server/src/server/outbox.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const job = (id: string, fraction: number): JobResource =>
  jobSchema.parse({
    id,
    state: "running",
    request: {},
    stage: "denoise",
    fraction,
    secondsLeft: null,
    error: null,
    takeIds: [],
    createdAt_ms: 0,
  });
const change = (seq: number, id: string): Change => ({ seq, type: "job", job: job(id, seq / 100) });

function slowSink() {
  const sent: string[] = [];
  const state = { unsent: 0, gaveUp: false };
  const outbox = createOutbox(
    { unsent: () => state.unsent, send: (text) => sent.push(text), giveUp: () => (state.gaveUp = true) },
    ({ seq }) => String(seq),
    { coalesceBytes: 10, unsentBytes: 100 },
  );
  return { sent, state, outbox };
}

test("while the reader keeps up everything goes out at once", () => {
  const { sent, outbox } = slowSink();
  for (let seq = 1; seq <= 3; seq++) outbox.news(change(seq, "a"));
  expect(sent).toEqual(["1", "2", "3"]);
});

test("behind a slow reader only the newest of each job is kept, and they go out in order", () => {
  const { sent, state, outbox } = slowSink();
  state.unsent = 11;
  for (let seq = 1; seq <= 6; seq++) outbox.news(change(seq, seq % 2 ? "a" : "b"));
  outbox.news(change(7, "a"));
  vi.advanceTimersByTime(1000);
  expect(sent).toEqual([]);
  state.unsent = 0;
  // Nothing overtakes what waits.
  outbox.news(change(8, "c"));
  vi.advanceTimersByTime(100);
  expect(sent).toEqual(["6", "7", "8"]);
  outbox.news(change(9, "a"));
  expect(sent.at(-1)).toBe("9");
});

test("answers go out at once until the reader is past the limit; one long message alone is none", () => {
  const { sent, state, outbox } = slowSink();
  const long = "x".repeat(500);
  outbox.send(long);
  state.unsent = 500;
  outbox.send("short");
  expect([sent, state.gaveUp]).toEqual([[long, "short"], false]);
  state.unsent = 601;
  outbox.send("more");
  expect([sent.length, state.gaveUp]).toEqual([2, true]);
});

test("an end is waited for until nothing waits", () => {
  const { sent, state, outbox } = slowSink();
  let ended = false;
  state.unsent = 50;
  outbox.news(change(1, "a"));
  outbox.whenEmpty(() => {
    ended = true;
  });
  vi.advanceTimersByTime(500);
  expect(ended).toBe(false);
  state.unsent = 0;
  vi.advanceTimersByTime(100);
  expect([ended, sent]).toEqual([true, ["1"]]);
});
