import { Button } from "@adobe/react-spectrum";
import { secondsOfTicks, ticks } from "local-server/protocol";
import { canGenerate, generate } from "../actions/generate.ts";
import { follow } from "../actions/selection.ts";
import { setRange, wholeClip } from "../actions/transport.ts";
import { useApp, useAppState, useText } from "../app.ts";
import type { TextKey } from "../i18n/text.ts";
import type { State } from "../state/state.ts";
import { lengthText } from "../state/timecode.ts";
import { IconButton } from "../ui/IconButton.tsx";
import { TimeField } from "../ui/TimeField.tsx";
import { FrameStrip } from "./FrameStrip.tsx";
import { LookLane } from "./LookLane.tsx";
import { More } from "./More.tsx";
import { RunningJob } from "./RunningJob.tsx";
import { Words } from "./Words.tsx";

/** What, in which words, and the button. */
export function Cue() {
  const app = useApp();
  const text = useText();
  return (
    <section className="stack" aria-label={text("cue")}>
      {!app.host.showsPicture && <RangePicture />}
      <Range />
      <HostSays />
      <Words />
      <More />
      <GenerateButton />
      <RunningJob />
      <Hints />
    </section>
  );
}

/** Where the picture is shown beside the panel: a strip of the range, and what is heard in it. */
function RangePicture() {
  const clip = useAppState((state) => state.clip);
  const range = useAppState((state) => state.range);
  const [from, to] = [secondsOfTicks(range.from), secondsOfTicks(range.to)];
  if (clip === null || to <= from) return null;
  return (
    <div className="timeline">
      {clip.url !== null && <FrameStrip url={clip.url} start={from - clip.urlStartSeconds} length={to - from} />}
      <LookLane start={from} length={to - from} />
    </div>
  );
}

function Range() {
  const app = useApp();
  const text = useText();
  const clip = useAppState((state) => state.clip);
  const range = useAppState((state) => state.range);
  const follows = useAppState((state) => state.host.follows);
  const isStale = useAppState((state) => state.host.problem !== null);
  if (clip === null) return <p className="dim">{text(app.host.showsPicture ? "nothingOpen" : "nothingSelected")}</p>;
  if (range.to <= range.from) return <p className="dim">{text("nothingSelected")}</p>;
  return (
    <div className={`row range wrap${isStale ? " stale" : ""}`}>
      <TimeField
        label={text("inPoint")}
        value={range.from}
        count={clip.count}
        onChange={(from) => setRange(app, { from })}
      />
      <span aria-hidden="true">–</span>
      <TimeField
        label={text("outPoint")}
        value={range.to}
        count={clip.count}
        onChange={(to) => setRange(app, { to })}
      />
      <span className="number dim grow" title={text("length")}>
        {lengthText(ticks(range.to - range.from), clip.count.rate)}
      </span>
      {clip.sequence === null ? (
        <IconButton icon="fit" label={text("wholeClip")} onPress={() => wholeClip(app)} />
      ) : (
        <IconButton icon="link" label={text("followLong")} pressed={follows} onPress={() => follow(app)} />
      )}
    </div>
  );
}

/** What the editor will do for this range, or why it can not; and that it does not answer at the moment. */
function HostSays() {
  const text = useText();
  const { announcement, problem, busy } = useAppState((state) => state.host);
  const said = problem ?? announcement;
  return (
    <>
      {said && (
        <p className={problem ? "bad" : "dim"} role="status" data-testid="host-says">
          {text(said.key, said.values)}
        </p>
      )}
      {busy && (
        <p className="warn" role="status" data-testid="host-busy">
          {text("hostBusy")}
        </p>
      )}
    </>
  );
}

/** What keeps the button from being pressed, or what happens when it is. */
function buttonText({ connection, clip, range, host }: State, inHost: boolean): TextKey {
  if (connection.state === "starting") return "engineStarting";
  if (connection.state === "down") return "engineDown";
  if (clip === null || range.to <= range.from) return inHost ? "noSelectionForButton" : "noClipForButton";
  return host.preparing && inHost ? "preparing" : "generate";
}

function GenerateButton() {
  const app = useApp();
  const text = useText();
  const possible = useAppState(() => canGenerate(app));
  const label = useAppState((state) => buttonText(state, !app.host.showsPicture));
  const seconds = useAppState((state) => secondsOfTicks(ticks(state.range.to - state.range.from)));
  return (
    <Button
      variant="accent"
      UNSAFE_className="generate"
      isDisabled={!possible}
      onPress={() => void generate.perform(app)}
    >
      {text(label)}
      {seconds > 300 ? ` (${text("tooLong")})` : ""}
    </Button>
  );
}

function Hints() {
  const app = useApp();
  const text = useText();
  const seen = useAppState((state) => state.hintsSeen || state.takes.length > 0 || state.clip === null);
  if (seen) return null;
  return (
    <ol className="hint-list">
      <li>{text(app.host.showsPicture ? "hint1" : "hint1Host")}</li>
      <li>{text("hint2")}</li>
      <li>{text("hint3")}</li>
    </ol>
  );
}
