import { ActionButton } from "@adobe/react-spectrum";
import { secondsOfTicks, ticksOfSeconds } from "local-server/protocol";
import { type ChangeEvent, useEffect, useRef, useState } from "react";
import { openClip, openFile, pathOfTyped } from "../actions/clip.ts";
import { TRANSPORT } from "../actions/transport.ts";
import { useApp, useAppState, useText } from "../app.ts";
import { timecodeAt } from "../state/timecode.ts";
import { ActionIcon } from "../ui/ActionIcon.tsx";
import { IconButton } from "../ui/IconButton.tsx";
import { FrameStrip } from "./FrameStrip.tsx";
import { LookLane } from "./LookLane.tsx";
import { Timeline } from "./Timeline.tsx";
import { Tracks } from "./Tracks.tsx";

const actionNamed = (name: string) => TRANSPORT.find((action) => action.name === name)!;

/** In the browser the page is the host: the picture, its scrubber, and the tracks under it. */
export function Picture() {
  const app = useApp();
  const text = useText();
  const clip = useAppState((state) => state.clip);
  const ownSound = useAppState((state) => state.ownSound);
  const [playable, setPlayable] = useState(true);
  const video = useRef<HTMLVideoElement>(null);
  const url = clip?.url ?? null;
  // biome-ignore lint/correctness/useExhaustiveDependencies: another clip is another element to attach
  useEffect(() => {
    setPlayable(true);
    app.player.attach(video.current);
    return () => app.player.attach(null);
  }, [app, url]);
  if (clip === null || url === null) return <OpenClip />;
  return (
    <section className="stack" aria-label={text("picture")}>
      <div className="screen">
        <video
          key={url}
          ref={video}
          src={url}
          muted={!ownSound}
          playsInline
          preload="auto"
          onError={() => setPlayable(false)}
          aria-label={clip.name}
        />
      </div>
      {!playable && <p className="bad">{text("pictureNotPlayable")}</p>}
      <div className="row transport">
        <ActionIcon action={actionNamed("markIn")} />
        <ActionIcon action={actionNamed("frameBack")} />
        <PlayButton />
        <ActionIcon action={actionNamed("frameOn")} />
        <ActionIcon action={actionNamed("markOut")} />
        <Clock />
        <IconButton
          icon="sound"
          label={text("ownSound")}
          pressed={ownSound}
          onPress={() => app.store.set({ ownSound: !ownSound })}
        />
      </div>
      <Timeline>
        <FrameStrip url={url} start={0} length={secondsOfTicks(clip.duration)} />
        <LookLane start={0} length={secondsOfTicks(clip.duration)} />
        <Tracks />
      </Timeline>
      <OpenClip small />
    </section>
  );
}

function usePlaying(): boolean {
  const { player } = useApp();
  const [playing, setPlaying] = useState(false);
  useEffect(() => player.subscribe(() => setPlaying(player.playing())), [player]);
  return playing;
}

function PlayButton() {
  const playing = usePlaying();
  const text = useText();
  const action = actionNamed("playStop");
  return (
    <ActionIcon action={playing ? { ...action, icon: "stop" } : action} label={text(playing ? "stop" : "playStop")} />
  );
}

function Clock() {
  const { player } = useApp();
  const clip = useAppState((state) => state.clip);
  const label = useRef<HTMLSpanElement>(null);
  useEffect(() => {
    const show = (): void => {
      if (label.current && clip) label.current.textContent = timecodeAt(ticksOfSeconds(player.seconds()), clip.count);
    };
    show();
    return player.subscribe(show);
  }, [player, clip]);
  return <span className="timecode" ref={label} data-testid="timecode" />;
}

/** Opens a video from this machine by picker or by path. */
function OpenClip({ small = false }: { readonly small?: boolean }) {
  const app = useApp();
  const text = useText();
  const opening = useAppState((state) => state.opening);
  const up = useAppState((state) => state.connection.state === "up");
  const picker = useRef<HTMLInputElement>(null);
  const [path, setPath] = useState("");
  const onFile = (event: ChangeEvent<HTMLInputElement>): void => {
    const file = event.target.files?.[0];
    event.target.value = "";
    if (file) void openFile(app, file);
  };
  const byPath = (): void => {
    const typed = pathOfTyped(path);
    if (typed) void openClip(app, () => app.server.openPath(typed));
  };
  const controls = (
    <div className="row wrap">
      <ActionButton isDisabled={!up || opening !== null} onPress={() => picker.current?.click()}>
        {opening ?? text("openVideo")}
      </ActionButton>
      <input
        ref={picker}
        type="file"
        accept="video/*,.mxf,.mkv,.mov,.avi"
        className="unseen"
        tabIndex={-1}
        aria-label={text("openVideo")}
        onChange={onFile}
      />
      <input
        className="time-field grow"
        style={{ textAlign: "start", minWidth: 110 }}
        placeholder={text("orPath")}
        aria-label={text("orPath")}
        value={path}
        spellCheck={false}
        onChange={(event) => setPath(event.target.value)}
        onKeyDown={(event) => event.key === "Enter" && byPath()}
      />
    </div>
  );
  if (small) return controls;
  return (
    <div className="empty stack">
      <strong>{text("noClip")}</strong>
      <p>{text("noClipHint")}</p>
      {controls}
    </div>
  );
}
