import { AlertDialog, DialogTrigger } from "@adobe/react-spectrum";
import { attempt } from "../actions/attempt.ts";
import { type App, useApp, useText } from "../app.ts";
import type { Model } from "../state/state.ts";
import { IconButton } from "../ui/IconButton.tsx";

/** Another one is in use then, where it was this one. */
async function remove({ server, store }: App, { id }: Model): Promise<void> {
  await server.removeModel(id);
  const { options, models } = store.get();
  const other = models.find((one) => one.id !== id && one.problem === null);
  if (options.model === id && other) store.set({ options: { ...options, model: other.id } });
}

/** Takes an imported model's files away for good, after a yes. */
export function RemoveModel({ model }: { readonly model: Model }) {
  const app = useApp();
  const text = useText();
  return (
    <DialogTrigger>
      <IconButton icon="trash" label={text("removeModel", { id: model.id })} />
      <AlertDialog
        title={text("removeModel", { id: model.id })}
        variant="destructive"
        primaryActionLabel={text("deleteFile")}
        cancelLabel={text("keepFile")}
        autoFocusButton="cancel"
        onPrimaryAction={() => void attempt(app, () => remove(app, model))}
      >
        {text("removeModelAsk", { size: `${(model.bytes / 1e6).toFixed(1)} MB` })}
      </AlertDialog>
    </DialogTrigger>
  );
}
