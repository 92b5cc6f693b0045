import { regenerate } from "../actions/generate.ts";
import { heart, lock, placeTake, startOf, undo } from "../actions/takes.ts";
import { playTake, select } from "../actions/transport.ts";
import { useApp, useAppState, useText } from "../app.ts";
import { matchedGainDb } from "../state/sounding.ts";
import { type Take, takeOf } from "../state/state.ts";
import { timecodeAt } from "../state/timecode.ts";
import { ActionIcon } from "../ui/ActionIcon.tsx";
import { IconButton } from "../ui/IconButton.tsx";
import { EventInspector } from "./EventInspector.tsx";
import { EventsLane } from "./EventsLane.tsx";
import { FrameStrip } from "./FrameStrip.tsx";
import { Meters } from "./Meters.tsx";
import { TakeFiles } from "./TakeFiles.tsx";
import { Waveform } from "./Waveform.tsx";

export function TakeRow({ take, number }: { readonly take: Take; readonly number: number }) {
  const app = useApp();
  const text = useText();
  const selected = useAppState((state) => state.selectedTakeId === take.id);
  const isOther = useAppState((state) => state.otherTakeId === take.id && state.selectedTakeId !== take.id);
  const url = useAppState((state) => state.clip?.url ?? null);
  const { record } = take;
  const words = record.request.prompt || record.chosen.map((choice) => plainClass(choice.class)).join(", ");
  const mark = async (change: { hearted?: boolean; locked?: boolean }): Promise<void> =>
    app.server.markTake(take.id, change);
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
        {isOther && <span className="dim">{text("otherOfAB")}</span>}
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
            onPress={() => void mark({ hearted: !take.hearted })}
          />
        )}
      </div>
      <div className="take-body timeline">
        {selected && url && <FrameStrip url={url} start={startOf(take)} length={record.seconds} cuts={record.cuts} />}
        <Waveform take={take} selected={selected} />
        {selected && <EventsLane take={take} />}
      </div>
      <TakeFacts take={take} />
      {selected && <TakeDetail take={take} />}
    </li>
  );
}

/** `footstep/wood` as people say it. */
export const plainClass = (name: string): string => name.split("/").reverse().join(" ").replace(/[-_]/g, " ");

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
          ◆ {text("placedOn", { track: `A${placed.track + 1}`, timecode: timecodeAt(placed.at, count) })}
        </span>
      )}
    </div>
  );
}

function TakeDetail({ take }: { readonly take: Take }) {
  const text = useText();
  const part = useAppState((state) => state.part);
  const gain = useAppState((state) => matchedGainDb(state, take));
  const canUndo = useAppState(
    (state) => state.edits[take.id] !== undefined || takeOf(state, take.id)?.record.history !== undefined,
  );
  return (
    <div className="take-body stack">
      <div className="row">
        <ActionIcon action={regenerate} />
        <span className="grow dim">
          {part ? text("partMarked", { from: part.from.toFixed(2), to: part.to.toFixed(2) }) : text("dragForPart")}
        </span>
        {canUndo && <ActionIcon action={undo} />}
      </div>
      <EventInspector take={take} />
      <Meters record={take.record} />
      {gain < 0 && <p className="dim">{text("matched", { db: (-gain).toFixed(1) })}</p>}
      {take.record.notes.length > 0 && (
        <ul className="dim">
          {take.record.notes.map((note) => (
            <li key={note}>{note}</li>
          ))}
        </ul>
      )}
      <TakeFiles take={take} />
    </div>
  );
}
