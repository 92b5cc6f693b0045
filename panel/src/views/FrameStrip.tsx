import { useEffect, useRef } from "react";
import { useAppState, useText } from "../app.ts";

const HEIGHT = 34;

/** Pictures of a stretch of the clip, side by side. A second, silent player of the page seeks them one after another. */
export function FrameStrip({
  url,
  start,
  length,
  cuts = [],
}: {
  readonly url: string;
  readonly start: number;
  readonly length: number;
  readonly cuts?: readonly number[];
}) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const text = useText();
  const name = useAppState((state) => state.clip?.name ?? "");
  useEffect(() => {
    const target = canvas.current;
    const pen = target?.getContext("2d");
    if (!target || !pen) return;
    let gone = false;
    const video = document.createElement("video");
    video.muted = true;
    video.preload = "auto";
    const once = (event: string): Promise<void> =>
      new Promise((settle, fail) => {
        video.addEventListener(event, () => settle(), { once: true });
        video.addEventListener("error", () => fail(new Error(`no picture of ${name}`)), { once: true });
      });
    const draw = async (): Promise<void> => {
      const loaded = once("loadeddata");
      video.src = url;
      await loaded;
      const scale = Math.min(2, window.devicePixelRatio || 1);
      target.width = Math.round(target.clientWidth * scale);
      target.height = Math.round(HEIGHT * scale);
      const width = (target.height * video.videoWidth) / video.videoHeight;
      const count = Math.max(1, Math.round(target.width / width));
      const cell = target.width / count;
      for (let index = 0; index < count && !gone; index++) {
        const seeked = once("seeked");
        video.currentTime = start + (length * (index + 0.5)) / count;
        await seeked;
        pen.save();
        pen.beginPath();
        pen.rect(index * cell, 0, cell - scale, target.height);
        pen.clip();
        pen.drawImage(video, index * cell + (cell - width) / 2, 0, width, target.height);
        pen.restore();
      }
    };
    draw().catch(() => {});
    return () => {
      gone = true;
      video.removeAttribute("src");
      video.load();
    };
  }, [url, start, length, name]);
  return (
    <>
      <canvas ref={canvas} className="strip" role="img" aria-label={text("frameStrip", { name })} />
      {cuts.map((cut) => (
        <i key={cut} className="cut" style={{ left: `${(100 * (cut - start)) / length}%` }} />
      ))}
    </>
  );
}
