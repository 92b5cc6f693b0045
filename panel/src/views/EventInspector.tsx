import { ActionButton, ComboBox, Item, NumberField, Switch } from "@adobe/react-spectrum";
import { useEffect, useState } from "react";
import { changeEvent, changeSound, EVENTS, editEvents, moveEvent } from "../actions/events.ts";
import { useApp, useAppState, useText } from "../app.ts";
import { languageOf } from "../i18n/text.ts";
import { eventsOf, type Take } from "../state/state.ts";
import { ActionIcon } from "../ui/ActionIcon.tsx";

/** The event that is chosen: when, how loud, which sound, heard or not. */
export function EventInspector({ take }: { readonly take: Take }) {
  const app = useApp();
  const text = useText();
  const events = useAppState((state) => eventsOf(state, take));
  const index = useAppState((state) => state.selectedEvent);
  const event = index === null ? undefined : events[index];
  const add = EVENTS.find(({ name }) => name === "addEvent")!;
  if (index === null || event === undefined) {
    return (
      <div className="row">
        <ActionIcon action={add} />
        <span className="dim">{text("eventsHint", { count: events.length })}</span>
      </div>
    );
  }
  return (
    <div className="inspector stack">
      <div className="row">
        <h3 className="grow">{text("eventNumber", { number: index + 1, count: events.length })}</h3>
        <ActionIcon action={add} />
        <ActionButton
          isQuiet
          isDisabled={take.locked}
          onPress={() => {
            app.store.set({ selectedEvent: null });
            editEvents(app, (all) => all.filter((_, i) => i !== index));
          }}
        >
          {text("remove")}
        </ActionButton>
      </div>
      <div className="fields">
        <NumberField
          hideStepper
          label={text("eventTime")}
          value={event.time}
          minValue={0}
          maxValue={take.record.seconds}
          step={0.001}
          width="100%"
          isDisabled={take.locked}
          formatOptions={{ maximumFractionDigits: 3 }}
          onChange={(value) => Number.isNaN(value) || moveEvent(app, index, value)}
        />
        <NumberField
          hideStepper
          label={text("level")}
          value={event.gainDb ?? 0}
          minValue={-60}
          maxValue={24}
          step={0.5}
          width="100%"
          isDisabled={take.locked}
          formatOptions={{ maximumFractionDigits: 1, signDisplay: "exceptZero" }}
          onChange={(value) => Number.isNaN(value) || changeEvent(app, index, { gainDb: value })}
        />
        <Switch
          isSelected={event.muted !== true}
          isDisabled={take.locked}
          onChange={(heard) => changeEvent(app, index, { muted: !heard })}
        >
          {text("heard")}
        </Switch>
      </div>
      <SoundField take={take} sound={event.sound} onChange={(sound) => changeSound(app, index, sound)} />
    </div>
  );
}

interface SoundFieldProps {
  readonly take: Take;
  readonly sound: string | null;
  readonly onChange: (sound: string) => void;
}

/** Every recording of the take's model, found by typing: `gravel`, `door`. */
function SoundField({ take, sound, onChange }: SoundFieldProps) {
  const app = useApp();
  const text = useText();
  const model = take.record.bundle.id;
  const isChinese = languageOf(useAppState((state) => state.language)) === "zh";
  const [sounds, setSounds] = useState<readonly { id: string; label: string }[]>([]);
  useEffect(() => {
    let gone = false;
    app.server.sounds(model).then(
      (found) => {
        if (gone) return;
        const label = (name: string, id: string): string => `${name} ${id.split("/").pop()}`;
        setSounds(found.map(({ id, name, nameZh }) => ({ id, label: label((isChinese && nameZh) || name, id) })));
      },
      () => {},
    );
    return () => {
      gone = true;
    };
  }, [app, model, isChinese]);
  if (sounds.length === 0) return null;
  return (
    <ComboBox
      label={text("sound")}
      defaultItems={sounds}
      selectedKey={sound}
      menuTrigger="focus"
      width="100%"
      isDisabled={take.locked}
      onSelectionChange={(key) => key !== null && key !== sound && onChange(String(key))}
    >
      {({ id, label }) => <Item key={id}>{label}</Item>}
    </ComboBox>
  );
}
