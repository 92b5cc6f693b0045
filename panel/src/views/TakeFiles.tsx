import { ActionButton } from "@adobe/react-spectrum";
import { attempt } from "../actions/attempt.ts";
import { download } from "../actions/cue-sheet.ts";
import { useApp, useAppState, useText } from "../app.ts";
import { clipPathOf, type Take } from "../state/state.ts";

/** Where the take lies, and ways out of the panel. */
export function TakeFiles({ take }: { readonly take: Take }) {
  const app = useApp();
  const text = useText();
  const hasPicture = useAppState((state) => state.clip !== null) && clipPathOf(take) !== null;
  const wav = (): Promise<void> =>
    attempt(app, async () =>
      download(take.record.file, new Blob([await app.server.takeBytes(take)], { type: "audio/wav" })),
    );
  const mp4 = (): Promise<void> =>
    attempt(app, async () => download(take.record.file.replace(/\.wav$/, ".mp4"), await app.server.mux(take)));
  return (
    <div className="row wrap">
      <ActionButton onPress={() => void wav()}>{text("exportWav")}</ActionButton>
      {hasPicture && <ActionButton onPress={() => void mp4()}>{text("exportMp4")}</ActionButton>}
      <ActionButton isQuiet onPress={() => void attempt(app, () => app.host.reveal(take))}>
        {text("reveal")}
      </ActionButton>
    </div>
  );
}
