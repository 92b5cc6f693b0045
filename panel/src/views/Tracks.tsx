import { selectOnTrack } from "../actions/transport.ts";
import { useApp, useAppState, useText } from "../app.ts";
import { takeOf } from "../state/state.ts";
import { IconButton } from "../ui/IconButton.tsx";
import { plainClass } from "../ui/plain-class.ts";

/** What was placed under the picture, one lane a track; all of it plays together with the picture. */
export function Tracks() {
  const app = useApp();
  const text = useText();
  const placed = useAppState((state) => state.placed);
  const clip = useAppState((state) => state.clip);
  const selectedId = useAppState((state) => state.selectedTakeId);
  if (clip === null || placed.length === 0) return null;
  const count = 1 + Math.max(...placed.map(({ track }) => track));
  const chosen = placed.find(({ takeId }) => takeId === selectedId);
  return (
    <div className="lane tracks" data-testid="tracks">
      {Array.from({ length: count }, (_, track) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: tracks are their numbers
        <div className="track" key={track}>
          {placed
            .filter((item) => item.track === track)
            .map((item) => {
              const take = takeOf(app.store.get(), item.takeId);
              if (take === undefined) return null;
              const left = (100 * Number(item.at)) / Number(clip.duration);
              const width = (100 * take.record.seconds * 254_016_000_000) / Number(clip.duration);
              const { request, chosen: classes } = take.record;
              const words = request.prompt || classes.map((choice) => plainClass(choice.class)).join(", ");
              return (
                <button
                  type="button"
                  key={item.takeId}
                  className={`placed${item.muted ? " muted" : ""}`}
                  style={{ left: `${left}%`, width: `${width}%` }}
                  onClick={() => selectOnTrack(app, item.takeId)}
                >
                  {item.trackName} {words || text("pictureDecides")}
                </button>
              );
            })}
        </div>
      ))}
      {chosen && (
        <div className="row" style={{ padding: "0 4px" }}>
          <span className="dim grow">{text("onTrack", { track: chosen.trackName })}</span>
          <IconButton
            icon="mute"
            label={text("muteTrack")}
            pressed={chosen.muted}
            onPress={() =>
              app.store.set({
                placed: placed.map((item) => (item === chosen ? { ...item, muted: !item.muted } : item)),
              })
            }
          />
          <IconButton
            icon="trash"
            label={text("takeOff")}
            onPress={() => app.store.set({ placed: placed.filter((item) => item !== chosen) })}
          />
        </div>
      )}
    </div>
  );
}
