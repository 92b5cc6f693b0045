/** One stroke, one size: drawn on a 16 px grid in the colour of the text. */
const PATHS = {
  play: "M4.5 2.8v10.4L13 8z",
  stop: "M4 4h8v8H4z",
  heart: "M8 13.3 3 8.4a3 3 0 0 1 4.3-4.2L8 5l.7-.8A3 3 0 0 1 13 8.4z",
  lock: "M4 7.5h8v6H4zM5.5 7.5V5a2.5 2.5 0 0 1 5 0v2.5",
  unlock: "M4 7.5h8v6H4zM5.5 7.5V4.6A2.5 2.5 0 0 1 10.3 4",
  place: "M8 2v7.5M4.8 6.6 8 9.8l3.2-3.2M2.5 13.5h11",
  save: "M3 2.5h7.5L13.5 5.5v8H2.5v-11zM5 13.5V9h6v4.5M5.5 2.5V5h4V2.5",
  open: "M2.5 12.5v-9h4l1.5 2h5.5v7z",
  close: "M4 4l8 8M12 4l-8 8",
  more: "M3.5 8h.1M8 8h.1M12.5 8h.1",
  right: "M6 3.5 10.5 8 6 12.5",
  down: "M3.5 6 8 10.5 12.5 6",
  undo: "M6 3 3 6l3 3M3 6h6.5a3.5 3.5 0 0 1 0 7H6",
  mute: "M2.5 6h2.5L8.5 3v10L5 10H2.5zM11 6.3l3 3.4M14 6.3l-3 3.4",
  sound: "M2.5 6h2.5L8.5 3v10L5 10H2.5zM11 6c1 1.2 1 2.8 0 4M12.8 4.2c2 2.2 2 5.4 0 7.6",
  plus: "M8 3v10M3 8h10",
  redo: "M13 8a5 5 0 1 1-1.6-3.7M13 2v3h-3",
  stepBack: "M10.5 3.5 6 8l4.5 4.5M4 3.5v9",
  stepOn: "M5.5 3.5 10 8l-4.5 4.5M12 3.5v9",
  inPoint: "M9 2.5H5.5v11H9",
  outPoint: "M7 2.5h3.5v11H7",
  star: "M8 2.3l1.7 3.6 3.9.5-2.9 2.7.8 3.9L8 11.1 4.5 13l.8-3.9L2.4 6.4l3.9-.5z",
  film: "M2.5 3.5h11v9h-11zM5 3.5v9M11 3.5v9M2.5 6.5H5M2.5 9.5H5M11 6.5h2.5M11 9.5h2.5",
  trash: "M3 4.5h10M6 4.5V3h4v1.5M4.5 4.5l.6 9h5.8l.6-9",
  fit: "M2.5 3v10M13.5 3v10M4.5 8h7M6.5 6l-2 2 2 2M9.5 6l2 2-2 2",
  link: "M6.7 9.3l2.6-2.6M7.2 5l1.6-1.6a2.7 2.7 0 0 1 3.8 3.8L11 8.8M8.8 11l-1.6 1.6a2.7 2.7 0 0 1-3.8-3.8L5 7.2",
  grip: "M6 3.5h.1M10 3.5h.1M6 8h.1M10 8h.1M6 12.5h.1M10 12.5h.1",
  folder: "M2.5 12.5v-9h4l1.5 2h5.5v7z",
} as const;
export type IconName = keyof typeof PATHS;
const FILLED: readonly IconName[] = ["play", "stop"];

export function Icon({ name, filled = false }: { readonly name: IconName; readonly filled?: boolean }) {
  const solid = filled || FILLED.includes(name);
  return (
    <svg
      className="icon"
      viewBox="0 0 16 16"
      aria-hidden="true"
      focusable="false"
      fill={solid ? "currentColor" : "none"}
    >
      <path
        d={PATHS[name]}
        stroke="currentColor"
        strokeWidth={name === "more" || name === "grip" ? 2 : 1.4}
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </svg>
  );
}
