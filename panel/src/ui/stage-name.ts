import { useText } from "../app.ts";
import type { Job } from "../state/state.ts";

/** The stage of a job in the person's language. */
export function useStageName(): (job: Job) => string {
  const text = useText();
  return ({ stage }) => (stage === null ? text("starting") : text(`stage.${stage}`));
}
