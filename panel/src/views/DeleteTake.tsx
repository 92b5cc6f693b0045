import { AlertDialog, DialogTrigger } from "@adobe/react-spectrum";
import { attempt } from "../actions/attempt.ts";
import { useApp, useText } from "../app.ts";
import type { Take } from "../state/state.ts";
import { IconButton } from "../ui/IconButton.tsx";

/** Takes a take's files away for good, after a yes. */
export function DeleteTake({ take }: { readonly take: Take }) {
  const app = useApp();
  const text = useText();
  return (
    <DialogTrigger>
      <IconButton icon="trash" label={text("deleteTake")} disabled={take.locked} />
      <AlertDialog
        title={text("deleteTake")}
        variant="destructive"
        primaryActionLabel={text("deleteFile")}
        cancelLabel={text("keepFile")}
        autoFocusButton="cancel"
        onPrimaryAction={() => void attempt(app, () => app.server.removeTake(take.id))}
      >
        {text("deleteAsk", { file: take.record.file })}
      </AlertDialog>
    </DialogTrigger>
  );
}
