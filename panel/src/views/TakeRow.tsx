import { secondsOfTicks, ticksOfString } from "local-server/protocol";
import { attempt } from "../actions/attempt.ts";
import { isNothing } from "../actions/session.ts";
import { heart, lock, placeTake } from "../actions/takes.ts";
import { playTake, select } from "../actions/transport.ts";
import { useApp, useAppState, useText } from "../app.ts";
import { type Clip, clipPathOf, startOf, type Take } from "../state/state.ts";
import { timecodeAt } from "../state/timecode.ts";
import { type Family, shownVersion } from "../state/versions.ts";
import { ActionIcon } from "../ui/ActionIcon.tsx";
import { IconButton } from "../ui/IconButton.tsx";
import { plainClass } from "../ui/plain-class.ts";
import { EventsLane } from "./EventsLane.tsx";
import { FrameStrip } from "./FrameStrip.tsx";
import { TakeDetail } from "./TakeDetail.tsx";
import { Waveform } from "./Waveform.tsx";

/** One take in the version that is looked at: its waveform, and when it is chosen its events and all that can be done with it. */
export function TakeRow({ family, number }: { readonly family: Family; readonly number: number }) {
  const app = useApp();
  const text = useText();
  const take = useAppState((state) => shownVersion(state, family));
  const selected = useAppState((state) => state.selectedTakeId === take.id);
  const isOther = useAppState((state) => state.otherTakeId === take.id && state.selectedTakeId !== take.id);
  const clip = useAppState((state) => state.clip);
  const { record } = take;
  const words = record.request.prompt || record.chosen.map((choice) => plainClass(choice.class)).join(", ");
  const strip = clip && stripOf(clip, take);
  return (
    <li className={`take${selected ? " selected" : ""}`} data-testid="take" data-take={take.id}>
      <div className="row take-head">
        <IconButton
          icon="play"
          label={text("playTake", { number })}
          keyHint={number < 10 ? String(number) : undefined}
          onPress={() => playTake(app, take.id)}
        />
        <button
          type="button"
          className="plain name grow clip-text"
          aria-expanded={selected}
          onClick={() => select(app, take.id)}
        >
          {text("takeNumber", { number })} <span className="dim">{words || text("pictureDecides")}</span>
        </button>
        {isOther && <span className="badge">{text("otherOfAB")}</span>}
        {selected ? (
          <>
            <ActionIcon action={heart} pressed={take.hearted} />
            <ActionIcon action={lock} pressed={take.locked} />
            <ActionIcon action={placeTake} />
          </>
        ) : (
          <IconButton
            icon="heart"
            label={text("heart")}
            pressed={take.hearted}
            onPress={() => void attempt(app, () => app.server.markTake(take.id, { hearted: !take.hearted }))}
          />
        )}
      </div>
      {isNothing(take) ? (
        <p className="take-body nothing" role="status">
          {text("nothingFits", { model: record.bundle.id })}
        </p>
      ) : (
        <div className="take-body timeline">
          {selected && strip && <FrameStrip {...strip} cuts={record.cuts} />}
          <Waveform take={take} selected={selected} />
          {selected && <EventsLane take={take} />}
        </div>
      )}
      <TakeFacts take={take} />
      {selected && <TakeDetail take={take} family={family} />}
    </li>
  );
}

/** The stretch of the picture's file that a take belongs to; in a sequence only where the file is the chosen one. */
function stripOf({ url, path, sequence, urlStartSeconds }: Clip, take: Take) {
  if (url === null || (sequence !== null && clipPathOf(take) !== path)) return null;
  const { request, seconds } = take.record;
  const start = sequence === null ? startOf(take) - urlStartSeconds : secondsOfTicks(ticksOfString(request.fromTicks));
  return { url, start, length: seconds };
}

function TakeFacts({ take }: { readonly take: Take }) {
  const text = useText();
  const placed = useAppState((state) => state.placed.find(({ takeId }) => takeId === take.id));
  const count = useAppState((state) => state.clip?.count);
  const { lufs, seconds, history } = take.record;
  return (
    <div className="row take-facts number">
      <span>{lufs === null ? text("silent") : `${lufs.toFixed(1)} LUFS`}</span>
      <span>{seconds.toFixed(1)} s</span>
      {history && history.length > 0 && <span>{text("madeAnew", { count: history.length })}</span>}
      {take.locked && <span>{text("locked")}</span>}
      {placed && count && (
        <span className="placed-mark">
          ◆ {text("placedOn", { track: placed.trackName, timecode: timecodeAt(placed.at, count) })}
        </span>
      )}
    </div>
  );
}
