/** What one benchmark found. */
export interface Findings {
  /** Numbers by name, with their unit in the name. */
  figures: Readonly<Record<string, number>>
  /** One way beside another, measured in the same run: above 1, the first took longer. */
  ratios: Readonly<Record<string, number>>
  goals: readonly Goal[]
  /** What a reader has to know to judge the numbers. */
  notes: readonly string[]
}

export interface Goal {
  what: string
  measured: number
  /** The bound, and on which side of it the measurement has to be. */
  bound: number
  side: 'at most' | 'at least'
  met: boolean
}

export function atMost(what: string, measured: number, bound: number): Goal {
  return { what, measured: round(measured), bound, side: 'at most', met: measured <= bound }
}

export function atLeast(what: string, measured: number, bound: number): Goal {
  return { what, measured: round(measured), bound, side: 'at least', met: measured >= bound }
}

/** Milliseconds that some work took. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await work()
  return performance.now() - start
}

/** The value below which `share` of all values are. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

export function median(values: readonly number[]): number {
  return percentile(values, 0.5)
}

/** Three significant digits: more would only look exact. */
export function round(value: number): number {
  return Number(value.toPrecision(3))
}

export function rounded(values: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, round(value)]))
}

/**
 * Measures several ways of doing a thing in turns, so that whatever else the machine does falls on all of them alike.
 * Each measures itself and answers milliseconds; the first turn warms up and is not counted.
 */
export async function inTurns<Name extends string>(
  turns: number,
  ways: Readonly<Record<Name, (turn: number) => Promise<number>>>,
): Promise<Record<Name, number[]>> {
  const names = Object.keys(ways) as Name[]
  const taken = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Name, number[]>
  for (let turn = 0; turn <= turns; turn++) {
    for (const name of names) {
      const elapsed = await ways[name](turn)
      if (turn > 0) taken[name].push(elapsed)
    }
  }
  return taken
}
