import type { Detail, FailureCode, Result } from "host/contract";
import type { CepDoor } from "./door.ts";
import type { Verb, Verbs } from "./verbs.ts";

/** Premiere's script says no, or does not answer. */
export class HostFailure extends Error {
  readonly code: FailureCode;
  readonly detail: Detail;
  constructor(code: FailureCode, message: string, detail: Detail = {}) {
    super(message);
    this.code = code;
    this.detail = detail;
  }
}

export interface HostCaller {
  /** One call at a time, in order. @throws HostFailure */
  call<Name extends Verb>(verb: Name, argument: Verbs[Name][0]): Promise<Verbs[Name][1]>;
  /** Told when an answer is late, and when it has come. */
  onBusy(listener: (busy: boolean) => void): void;
}

export interface ScriptFile {
  /** Absolute path of the built script. */
  readonly path: string;
  readonly build: string;
}

/** Verbs that change the project: sent once, whatever comes of it. */
const CHANGES: readonly Verb[] = ["renderRange", "importTake", "placeTake"];
/** Premiere is taken as busy, or a dialog as open, after this. */
const BUSY_MS = 2_000;
const READ_MS = 20_000;
const CHANGE_MS = 45_000;
/** A render takes as long as it takes. */
const RENDER_MS = 3_600_000;
/** A call that was given up is still waited for: Premiere has one thread, and what comes after would only pile up. */
const GIVEN_UP_MS = 120_000;
const NOT_YET_MS = 200;
const NOT_YET_TIMES = 10;

/** What it means that something never came. */
const NEVER: Partial<Record<Verb, FailureCode>> = { importTake: "IMPORT_FAILED", placeTake: "TRACK_ADD_FAILED" };

/** What Premiere says of a script that it does not have or that broke. */
const isNoAnswer = (text: string): boolean => text === "" || text === "undefined" || text === "EvalScript error.";

/** Text that survives the way into Premiere's engine whole: no quote, no line separator, no NUL; JSON escapes lone surrogates. */
const written = (value: unknown): string => encodeURIComponent(JSON.stringify(value));

const after = (wait_ms: number): Promise<void> => new Promise((settle) => setTimeout(settle, wait_ms));

export function createCaller(door: Pick<CepDoor, "evalScript">, script: () => Promise<ScriptFile>): HostCaller {
  const listeners = new Set<(busy: boolean) => void>();
  let busy = false;
  /** Ends when the call before has been answered or given up. */
  let free: Promise<void> = Promise.resolve();
  /** Ends when Premiere has really answered the last script, or is waited for no longer. */
  let answered: Promise<void> = Promise.resolve();
  const setBusy = (now: boolean): void => {
    if (busy === now) return;
    busy = now;
    for (const listener of listeners) listener(busy);
  };

  /** Sends a script and waits for its answer. @throws HostFailure HOST_BUSY */
  function evaluate(source: string, limit_ms: number, isQuiet = false): Promise<string> {
    let end: () => void;
    answered = new Promise((settle) => {
      end = settle;
    });
    return new Promise((settle, fail) => {
      let givenUp: ReturnType<typeof setTimeout> | undefined;
      const slow = isQuiet ? undefined : setTimeout(() => setBusy(true), BUSY_MS);
      const late = setTimeout(() => {
        fail(new HostFailure("HOST_BUSY", "Premiere did not answer in time"));
        givenUp = setTimeout(done, GIVEN_UP_MS);
      }, limit_ms);
      const done = (): void => {
        for (const timer of [slow, late, givenUp]) clearTimeout(timer);
        setBusy(false);
        end();
      };
      door.evalScript(source, (result) => {
        done();
        settle(String(result));
      });
    });
  }

  const load = ({ path }: ScriptFile): Promise<string> =>
    evaluate(`$.evalFile(decodeURIComponent("${encodeURIComponent(path)}"))`, READ_MS);

  async function send(verb: Verb, argument: object): Promise<Result<unknown>> {
    const file = await script();
    const isChange = CHANGES.includes(verb);
    const limit_ms = verb === "renderRange" ? RENDER_MS : isChange ? CHANGE_MS : READ_MS;
    const source = `$["com.foley.editor"].call("${verb}","${written(argument)}","${file.build}")`;
    const once = (): Promise<string> => evaluate(source, limit_ms, verb === "renderRange");
    // A change goes to a script that is known to be there, so that no answer to it never means "not loaded".
    if (isChange && (await evaluate('typeof $["com.foley.editor"]', READ_MS)) !== "object") await load(file);
    let text = await once();
    if (isNoAnswer(text) && !isChange) {
      await load(file);
      text = await once();
    }
    const result = read(text, verb);
    if (result.ok || result.code !== "STALE_HOST") return result;
    await load(file);
    return read(await once(), verb);
  }

  async function callNow(verb: Verb, argument: object): Promise<unknown> {
    let asked = argument;
    for (let times = 0; ; times++) {
      const result = await send(verb, asked);
      if (result.ok) return result.data;
      const { code, message, detail } = result;
      if (code !== "NOT_YET") throw new HostFailure(code, message, detail);
      if (times === NOT_YET_TIMES) throw new HostFailure(NEVER[verb] ?? code, message, detail);
      await after(NOT_YET_MS);
      asked = { ...argument, awaited: detail.awaited };
    }
  }

  return {
    onBusy: (listener) => void listeners.add(listener),
    call<Name extends Verb>(verb: Name, argument: Verbs[Name][0]) {
      const turn = free.then(() => callNow(verb, argument));
      const ended = turn.then(
        () => answered,
        () => answered,
      );
      free = ended;
      // The verb's own answer: `read` saw to its shape, the build stamp to its script.
      return turn as Promise<Verbs[Name][1]>;
    },
  };
}

/** @throws HostFailure INTERNAL where the answer is none of ours */
function read(text: string, verb: string): Result<unknown> {
  if (!isNoAnswer(text)) {
    try {
      const value: unknown = JSON.parse(text);
      if (typeof value === "object" && value !== null && "ok" in value) return value as Result<unknown>;
    } catch {
      // falls to the failure below
    }
  }
  throw new HostFailure("INTERNAL", `Premiere gave no answer to ${verb}`, { answer: text.slice(0, 200) });
}
