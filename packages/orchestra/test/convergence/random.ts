/** Numbers from 0 below a bound, the same for the same seed. */
export type Random = (below: number) => number

/** The same seed gives the same numbers, on every machine. */
export function randomFrom(seed: number): Random {
  let state = (seed ^ 0x9e3779b9) >>> 0
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below)
  }
}

export function oneOf<Value>(random: Random, values: readonly Value[]): Value {
  return values[random(values.length)] as Value
}
