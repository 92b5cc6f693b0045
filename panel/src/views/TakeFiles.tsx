import { ActionButton } from "@adobe/react-spectrum";
import { useEffect, useRef } from "react";
import { attempt } from "../actions/attempt.ts";
import { download } from "../actions/cue-sheet.ts";
import { useApp, useAppState, useText } from "../app.ts";
import { infoNotice } from "../state/notice.ts";
import { clipPathOf, type Take } from "../state/state.ts";
import { Icon } from "../ui/Icon.tsx";
import { DeleteTake } from "./DeleteTake.tsx";

/** Where the take lies, and ways out of the panel. */
export function TakeFiles({ take }: { readonly take: Take }) {
  const app = useApp();
  const text = useText();
  const hasPicture = useAppState((state) => state.clip !== null) && clipPathOf(take) !== null;
  // An editor's panel saves no files: the take lies on the disk, and its timeline makes the film.
  const savesFiles = app.host.showsPicture;
  const wav = (): Promise<void> =>
    attempt(app, async () =>
      download(take.record.file, new Blob([await app.server.takeBytes(take)], { type: "audio/wav" })),
    );
  const mp4 = (): Promise<void> =>
    attempt(app, async () => download(take.record.file.replace(/\.wav$/, ".mp4"), await app.server.mux(take)));
  const reveal = (): Promise<void> =>
    attempt(app, async () => {
      if (await app.host.reveal(take)) return;
      const notice = infoNotice(text("liesAt", { path: take.path }), { remedies: ["copyPath"], takeId: take.id });
      app.store.set({ notice });
    });
  return (
    <div className="row wrap">
      <DragHandle take={take} onPress={reveal} />
      {savesFiles && <ActionButton onPress={() => void wav()}>{text("exportWav")}</ActionButton>}
      {savesFiles && hasPicture && <ActionButton onPress={() => void mp4()}>{text("exportMp4")}</ActionButton>}
      <ActionButton isQuiet onPress={() => void reveal()}>
        {text("reveal")}
      </ActionButton>
      <DeleteTake take={take} />
    </div>
  );
}

/** Drags the take's file out: onto a timeline, a bin, a desktop. A press shows where it lies. */
function DragHandle({ take, onPress }: { readonly take: Take; readonly onPress: () => Promise<void> }) {
  const app = useApp();
  const text = useText();
  const address = useRef<string | null>(null);
  useEffect(
    () => () => {
      if (address.current !== null) URL.revokeObjectURL(address.current);
      address.current = null;
    },
    [],
  );
  /** A drag must have its file the moment it starts: it is fetched when the pointer comes near. */
  const fetchFile = async (): Promise<void> => {
    if (address.current !== null || !app.host.dragsBytes) return;
    const bytes = await app.server.takeBytes(take).catch(() => null);
    if (bytes) address.current ??= URL.createObjectURL(new Blob([bytes], { type: "audio/wav" }));
  };
  return (
    <button
      type="button"
      className="drag-out"
      draggable
      title={text("dragOut")}
      aria-label={text("dragOut")}
      onClick={() => void onPress()}
      onPointerEnter={() => void fetchFile()}
      onDragStart={({ dataTransfer }) => {
        dataTransfer.effectAllowed = "copy";
        app.host.drag(take, address.current, dataTransfer);
      }}
    >
      <Icon name="grip" />
    </button>
  );
}
