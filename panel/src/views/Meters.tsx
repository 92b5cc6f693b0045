import type { TakeRecord } from "local-server/protocol";
import { useText } from "../app.ts";

const part = (value: number, low: number, high: number): number =>
  100 * Math.max(0, Math.min(1, (value - low) / (high - low)));

/** Measured loudness and true peak of a take, against what was asked for. */
export function Meters({ record }: { readonly record: TakeRecord }) {
  const text = useText();
  const { lufs, truePeakDb, request } = record;
  const rows = [
    { name: text("loudness"), value: lufs, unit: "LUFS", low: -50, high: 0, mark: request.lufs ?? null, over: false },
    {
      name: text("truePeak"),
      value: truePeakDb,
      unit: "dBTP",
      low: -50,
      high: 0,
      mark: request.truePeakDb,
      over: (truePeakDb ?? -99) > request.truePeakDb + 0.05,
    },
  ];
  return (
    <div className="meters">
      {rows.map(({ name, value, unit, low, high, mark, over }) => (
        <div key={unit} style={{ display: "contents" }}>
          <span className="dim">{name}</span>
          <span className="meter" aria-hidden="true">
            {value !== null && <i className={over ? "over" : ""} style={{ width: `${part(value, low, high)}%` }} />}
            {mark !== null && <b style={{ left: `${part(mark, low, high)}%` }} />}
          </span>
          <span className="number">{value === null ? text("silent") : `${value.toFixed(1)} ${unit}`}</span>
        </div>
      ))}
    </div>
  );
}
