/** Kaiser-windowed sinc: the one interpolation kernel behind resampling and true peak. */

/** Modified Bessel function of the first kind, order 0, by its power series (exact to f64 for x < 20). */
function besselI0(x: number): number {
  let term = 1;
  let sum = 1;
  for (let k = 1; term > sum * 1e-17; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

/** Kaiser window at `position` -1..1; 0 outside. `beta` 9 leaves about -90 dB. */
export function kaiser(position: number, beta: number): number {
  const inside = 1 - position * position;
  return inside < 0 ? 0 : besselI0(beta * Math.sqrt(inside)) / besselI0(beta);
}

/** sin(pi x) / (pi x). */
export const sinc = (x: number): number => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));
