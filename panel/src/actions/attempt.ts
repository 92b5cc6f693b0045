import type { App } from "../app.ts";
import { HostRefusal } from "../bridges/host-adapter.ts";
import { type TextKey, translate } from "../i18n/text.ts";
import { noticeOf } from "../state/notice.ts";
import type { Notice } from "../state/state.ts";

/** Does it; what fails is said in one sentence with its next step, and nothing is thrown on. */
export async function attempt(app: App, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    app.store.set({ notice: noticeFor(app, error) });
  }
}

/** Sentences that say only that something went wrong. */
const VAGUE: readonly TextKey[] = ["host.INTERNAL", "host.BAD_ARGUMENT", "host.RENDER_FAILED", "error.unexpected"];

export function noticeFor({ store }: App, error: unknown): Notice {
  const text = translate(store.get().language);
  if (!(error instanceof HostRefusal)) return noticeOf(error, text);
  const { said, detail, placing } = error;
  // Where we have a sentence of our own, the host's says the same once more.
  const isVague = VAGUE.includes(said.key);
  const notice: Notice = {
    kind: "error",
    text: text(said.key, said.values),
    detail: isVague ? detail : null,
    remedies: isVague ? ["copyDiagnostics"] : [],
  };
  return placing === null
    ? notice
    : {
        ...notice,
        takeId: placing.takeId,
        remedies: ["placeAgain", ...(placing.newTrack ? (["newTrack"] as const) : []), ...notice.remedies],
      };
}
