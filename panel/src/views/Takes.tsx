import { ActionButton } from "@adobe/react-spectrum";
import { hintOf } from "../actions/keys.ts";
import { familiesOfClip, swapTakes } from "../actions/takes.ts";
import { useApp, useAppState, useText } from "../app.ts";
import { activeJobs, type Job, keyOfClip, type State } from "../state/state.ts";
import { PendingTake } from "./PendingTake.tsx";
import { TakeRow } from "./TakeRow.tsx";

/** New takes of this clip that are being made: versions of a take that is there show in its own row. */
function pendingOf(state: State): Job[] {
  const { clip } = state;
  if (clip === null) return [];
  return activeJobs(state).filter(({ request }) => {
    if (request.basedOn !== undefined) return false;
    return clip.sequence ? keyOfClip(clip) === `sequence:${request.target?.sequenceId}` : request.video === clip.path;
  });
}

/** The takes of the clip, newest first. */
export function Takes() {
  const app = useApp();
  const text = useText();
  useAppState((state) => state.takes);
  useAppState((state) => state.clip);
  useAppState((state) => state.jobs);
  useAppState((state) => state.range);
  const hasClip = useAppState((state) => state.clip !== null);
  const canSwap = useAppState(() => swapTakes.when?.(app) === true);
  const families = familiesOfClip(app.store.get());
  const pending = pendingOf(app.store.get());
  const isEmpty = families.length === 0 && pending.length === 0;
  return (
    <section aria-labelledby="takes-title">
      <div className="row takes-title">
        <h2 id="takes-title" className="grow">
          {text("takes")} <span className="dim">{families.length > 0 ? families.length : ""}</span>
        </h2>
        <ActionButton isDisabled={!canSwap} aria-label={text("swapTakes")} onPress={() => void swapTakes.perform(app)}>
          A / B {hintOf(swapTakes) === "A" ? "" : hintOf(swapTakes)}
        </ActionButton>
      </div>
      {isEmpty ? (
        <div className="empty">
          <strong>{text(hasClip ? "noTakes" : "noTakesYet")}</strong>
          {text("noTakesHint")}
        </div>
      ) : (
        <ol>
          {[...pending].reverse().map((job, index) => (
            <PendingTake key={job.id} job={job} number={families.length + pending.length - index} />
          ))}
          {families.map((family, index) => (
            <TakeRow key={family.id} family={family} number={families.length - index} />
          ))}
        </ol>
      )}
    </section>
  );
}
