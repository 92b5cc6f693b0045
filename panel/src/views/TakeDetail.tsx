import { regenerate } from "../actions/generate.ts";
import { redo, undo } from "../actions/takes.ts";
import { select } from "../actions/transport.ts";
import { useApp, useAppState, useText } from "../app.ts";
import { sayNote } from "../i18n/note.ts";
import { matchedGainDb } from "../state/sounding.ts";
import type { Take } from "../state/state.ts";
import type { Family } from "../state/versions.ts";
import { ActionIcon } from "../ui/ActionIcon.tsx";
import { Credits } from "./Credits.tsx";
import { EventInspector } from "./EventInspector.tsx";
import { Meters } from "./Meters.tsx";
import { TakeFiles } from "./TakeFiles.tsx";

/** What can be done with the chosen take. */
export function TakeDetail({ take, family }: { readonly take: Take; readonly family: Family }) {
  const text = useText();
  const part = useAppState((state) => state.part);
  const gain = useAppState((state) => matchedGainDb(state, take));
  const hasEdits = useAppState((state) => state.edits[take.id] !== undefined);
  return (
    <div className="take-body stack">
      <div className="row">
        <ActionIcon action={regenerate} />
        <span className="grow dim">
          {take.locked
            ? text("lockedHint")
            : part
              ? text("partMarked", { from: part.from.toFixed(2), to: part.to.toFixed(2) })
              : text("dragForPart")}
        </span>
        {(hasEdits || family.versions.length > 1) && (
          <>
            <ActionIcon action={undo} />
            <ActionIcon action={redo} />
          </>
        )}
      </div>
      {family.versions.length > 1 && <Versions take={take} family={family} />}
      <EventInspector take={take} />
      <Meters record={take.record} />
      {gain < 0 && <p className="dim">{text("matched", { db: (-gain).toFixed(1) })}</p>}
      {take.record.notes.length > 0 && (
        <ul className="dim">
          {take.record.notes.map((note) => (
            <li key={note}>{sayNote(note, text)}</li>
          ))}
        </ul>
      )}
      <Credits credits={take.record.credits} />
      <TakeFiles take={take} />
    </div>
  );
}

/** Every version of a take, oldest first; any of them can be gone back to. */
function Versions({ take, family }: { readonly take: Take; readonly family: Family }) {
  const app = useApp();
  const text = useText();
  return (
    <fieldset className="chips versions" aria-label={text("versions")}>
      <span className="dim">{text("versions")}</span>
      {family.versions.map((version, index) => (
        <button
          type="button"
          key={version.id}
          className="chip"
          aria-pressed={version.id === take.id}
          title={whatChanged(version, text)}
          aria-label={`${index + 1}: ${whatChanged(version, text)}`}
          onClick={() => select(app, version.id)}
        >
          {index + 1}
        </button>
      ))}
    </fieldset>
  );
}

/** In a word: how it began, the part that was made anew, or that its events were changed. */
function whatChanged({ record }: Take, text: ReturnType<typeof useText>): string {
  const { request } = record;
  const last = record.history?.[record.history.length - 1];
  if (request.regenerate && last) {
    const at = (ticks: string): string => (Number(ticks) / 254_016_000_000).toFixed(2);
    return text("versionPart", { from: at(last.fromTicks), to: at(last.toTicks) });
  }
  return text(request.events ? "versionEvents" : "versionFirst");
}
