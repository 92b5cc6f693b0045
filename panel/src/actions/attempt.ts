import type { App } from "../app.ts";
import { HostRefusal } from "../bridges/host-adapter.ts";
import { translate } from "../i18n/text.ts";
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

export function noticeFor({ store }: App, error: unknown): Notice {
  const text = translate(store.get().language);
  if (!(error instanceof HostRefusal)) return noticeOf(error, text);
  const { said, detail, placing } = error;
  const notice: Notice = { kind: "error", text: text(said.key, said.values), detail, remedies: [] };
  return placing === null
    ? notice
    : { ...notice, takeId: placing.takeId, remedies: placing.newTrack ? ["placeAgain", "newTrack"] : ["placeAgain"] };
}
