import { ActionButton } from "@adobe/react-spectrum";
import { hintOf } from "../actions/keys.ts";
import { swapTakes } from "../actions/takes.ts";
import { useApp, useAppState, useText } from "../app.ts";
import { takesOfClip } from "../state/state.ts";
import { TakeRow } from "./TakeRow.tsx";

/** The takes of the clip, newest first. */
export function Takes() {
  const app = useApp();
  const text = useText();
  const all = useAppState((state) => state.takes);
  const clip = useAppState((state) => state.clip);
  const canSwap = useAppState(() => swapTakes.when?.(app) === true);
  const takes = takesOfClip({ ...app.store.get(), takes: all, clip });
  return (
    <section aria-labelledby="takes-title">
      <div className="row" style={{ marginBottom: 6, minHeight: 26 }}>
        <h2 id="takes-title" className="grow">
          {text("takes")} <span className="dim">{takes.length > 0 ? takes.length : ""}</span>
        </h2>
        <ActionButton isDisabled={!canSwap} aria-label={text("swapTakes")} onPress={() => void swapTakes.perform(app)}>
          A / B {hintOf(swapTakes) === "A" ? "" : hintOf(swapTakes)}
        </ActionButton>
      </div>
      {takes.length === 0 ? (
        <div className="empty">
          <strong>{text("noTakes")}</strong>
          {text("noTakesHint")}
        </div>
      ) : (
        <ol>
          {takes.map((take, index) => (
            <TakeRow key={take.id} take={take} number={takes.length - index} />
          ))}
        </ol>
      )}
    </section>
  );
}
