/** How far a long work is; `label` is what a screen reader calls it. */
export const ProgressBar = ({ label, fraction }: { readonly label: string; readonly fraction: number }) => (
  <div
    className="bar"
    role="progressbar"
    aria-label={label}
    aria-valuemin={0}
    aria-valuemax={100}
    aria-valuenow={Math.round(fraction * 100)}
  >
    <i style={{ width: `${100 * fraction}%` }} />
  </div>
);
