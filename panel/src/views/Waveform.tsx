import { useEffect, useRef, useState } from "react";
import WaveSurfer from "wavesurfer.js";
import RegionsPlugin from "wavesurfer.js/dist/plugins/regions.esm.js";
import { useApp, useAppState, useText } from "../app.ts";
import { startOf, type Take } from "../state/state.ts";
import { Playhead } from "./Timeline.tsx";

const colour = (element: HTMLElement, name: string): string => getComputedStyle(element).getPropertyValue(name).trim();

/** A take's waveform. Of the selected take a drag marks the part to make anew; a click looks there. */
export function Waveform({ take, selected }: { readonly take: Take; readonly selected: boolean }) {
  const app = useApp();
  const text = useText();
  const theme = useAppState((state) => state.theme);
  const part = useAppState((state) => (selected ? state.part : null));
  const box = useRef<HTMLDivElement>(null);
  const regions = useRef<ReturnType<typeof RegionsPlugin.create> | null>(null);
  const [missing, setMissing] = useState(false);
  const { seconds } = take.record;

  // biome-ignore lint/correctness/useExhaustiveDependencies: the theme gives the colours, which are read from the element
  useEffect(() => {
    const container = box.current;
    if (!container) return;
    const plugin = RegionsPlugin.create();
    const wave = WaveSurfer.create({
      container,
      height: selected ? 64 : 28,
      waveColor: colour(container, selected ? "--wave" : "--wave-quiet"),
      progressColor: colour(container, selected ? "--wave" : "--wave-quiet"),
      cursorWidth: 0,
      interact: false,
      normalize: true,
      hideScrollbar: true,
      plugins: selected ? [plugin] : [],
    });
    let gone = false;
    app.server
      .peaks(take)
      .then((peaks) => (gone ? undefined : wave.load("", [...peaks], seconds)))
      .catch(() => gone || setMissing(true));
    if (selected) {
      regions.current = plugin;
      const stop = plugin.enableDragSelection({ color: colour(container, "--part") }, 4);
      const take_ = (region: { start: number; end: number }): void => {
        app.store.set({ part: { from: Math.max(0, region.start), to: Math.min(seconds, region.end) } });
      };
      plugin.on("region-created", (region) => {
        for (const other of plugin.getRegions()) if (other !== region) other.remove();
        take_(region);
      });
      plugin.on("region-updated", take_);
      return () => {
        gone = true;
        stop();
        regions.current = null;
        wave.destroy();
      };
    }
    return () => {
      gone = true;
      wave.destroy();
    };
  }, [app, take.id, selected, seconds, theme]);

  useEffect(() => {
    if (part === null) regions.current?.clearRegions();
  }, [part]);

  if (missing) return <p className="bad">{text("fileGone")}</p>;
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: a short cut for the mouse; the playhead has its keys
    // biome-ignore lint/a11y/useKeyWithClickEvents: the same
    <div
      className="wave"
      data-testid="waveform"
      ref={box}
      onClick={(event) => {
        const area = event.currentTarget.getBoundingClientRect();
        app.player.seek(startOf(take) + ((event.clientX - area.left) / area.width) * seconds);
      }}
    >
      <Playhead start={startOf(take)} length={seconds} />
    </div>
  );
}
