import { OrchestraError } from './errors.ts'

/** The names of a kind of options, with those inside of an option that has names of its own. */
export interface KnownOptions {
  readonly [name: string]: true | KnownOptions
}

/** All names of a type of options; the compiler keeps it complete. */
export type NamesOf<Options> = { readonly [Name in keyof Required<Options>]: true | KnownOptions }

/**
 * Refuses what is no option. Types say so too, but not everybody has them, and an option that is silently left out is the wrong
 * mode of a file, or a policy that does not hold.
 * @param where what takes the options, as people write it
 * @throws OrchestraError ORC_OPTION_UNKNOWN
 */
export function checkOptions(where: string, given: unknown, known: KnownOptions): void {
  if (given === undefined) return
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new OrchestraError('ORC_OPTION_UNKNOWN', `${where} takes its options by name`, {
      hint: `Write { ${Object.keys(known)[0]}: ... }`,
    })
  }
  for (const [name, value] of Object.entries(given)) {
    const names = Object.hasOwn(known, name) ? known[name] : undefined
    if (names === undefined) throw unknown(where, name, Object.keys(known))
    if (names !== true && isRecord(value)) checkOptions(`${where}: \`${name}\``, value, names)
  }
}

function isRecord(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function unknown(where: string, name: string, known: readonly string[]): OrchestraError {
  const near = nearest(name, known)
  const suggestion = near === undefined ? '' : `Did you mean \`${near}\`? `
  return new OrchestraError('ORC_OPTION_UNKNOWN', `${where} has no option \`${name}\``, {
    hint: `${suggestion}There are ${known.map((one) => `\`${one}\``).join(', ')}`,
  })
}

/** The known name that somebody most likely meant: at most a third of its letters away. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const [best] = known
    .map((one) => ({ one, away: distance(name.toLowerCase(), one.toLowerCase()) }))
    .filter(({ one, away }) => away <= Math.max(1, Math.floor((one.length + 1) / 3)))
    .sort((a, b) => a.away - b.away)
  return best?.one
}

/** Letters to change, add or take away, or to swap with their neighbour. */
function distance(from: string, to: string): number {
  let before: number[] = []
  let row = Array.from({ length: to.length + 1 }, (_, at) => at)
  for (let i = 1; i <= from.length; i++) {
    const next = [i]
    for (let j = 1; j <= to.length; j++) {
      const kept = (row[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1)
      const isSwap = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1]
      const swapped = isSwap ? (before[j - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY
      next.push(Math.min(kept, swapped, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    before = row
    row = next
  }
  return row[to.length] ?? 0
}
