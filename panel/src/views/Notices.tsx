import { ActionButton } from "@adobe/react-spectrum";
import { REMEDIES, remedy } from "../actions/remedies.ts";
import { useApp, useAppState, useText } from "../app.ts";
import { IconButton } from "../ui/IconButton.tsx";

/** The last thing that has to be said, with what mends it. */
export function Notices() {
  const app = useApp();
  const text = useText();
  const notice = useAppState((state) => state.notice);
  if (notice === null) return null;
  return (
    <div className={`notice ${notice.kind}`} role={notice.kind === "error" ? "alert" : "status"} data-testid="notice">
      <div className="grow">
        <p>{notice.text}</p>
        {notice.detail && <p className="dim wrap-text">{notice.detail}</p>}
        {notice.remedies.length > 0 && (
          <div className="row wrap remedies">
            {notice.remedies.map((name) => (
              <ActionButton key={name} onPress={() => void remedy(app, name)}>
                {text(REMEDIES[name].label)}
              </ActionButton>
            ))}
          </div>
        )}
      </div>
      <IconButton icon="close" label={text("close")} onPress={() => app.store.set({ notice: null })} />
    </div>
  );
}
