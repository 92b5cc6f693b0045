import { ActionButton, Item, NumberField, Picker, Switch } from "@adobe/react-spectrum";
import { changeEvent, EVENTS, editEvents, moveEvent } from "../actions/events.ts";
import { useApp, useAppState, useText } from "../app.ts";
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
  const sounds = [...new Set(events.flatMap(({ sound }) => (sound === null ? [] : [sound])))].sort();
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
        {sounds.length > 0 && (
          <Picker
            label={text("sound")}
            selectedKey={event.sound}
            width="100%"
            isDisabled={take.locked}
            onSelectionChange={(key) => key !== null && changeEvent(app, index, { sound: String(key) })}
          >
            {sounds.map((sound) => (
              <Item key={sound}>{sound}</Item>
            ))}
          </Picker>
        )}
        <Switch
          isSelected={event.muted !== true}
          isDisabled={take.locked}
          onChange={(heard) => changeEvent(app, index, { muted: !heard })}
        >
          {text("heard")}
        </Switch>
      </div>
    </div>
  );
}
