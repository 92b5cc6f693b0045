import type { App } from "../app.ts";
import { translate } from "../i18n/text.ts";
import { noticeOf } from "../state/notice.ts";

/** Does it; what fails is said in one sentence with its next step, and nothing is thrown on. */
export async function attempt({ store }: App, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    store.set({ notice: noticeOf(error, translate(store.get().language)) });
  }
}
