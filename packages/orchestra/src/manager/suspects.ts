import type { BlockIndex, ScriptEvent } from '../script/index.ts'

type At = Extract<ScriptEvent, { kind: 'at' }>

/** Follows what a script is at, so that it is known what it was at when it ended. */
export class Suspects {
  /** A server may name the same ones without end. */
  #indexes = new Set<BlockIndex>()

  take({ indexes, more }: At): void {
    if (!more) this.#indexes = new Set()
    for (const index of indexes) this.#indexes.add(index)
  }

  /** Whom the end of the script is laid to. */
  get blamed(): Blamed {
    return blamed([...this.#indexes])
  }
}

/** `shared`: what all of them need, or nothing that is known. */
export type Blamed = { kind: 'operations'; indexes: ReadonlySet<number> } | { kind: 'shared' }

/** Pure. */
export function blamed(at: readonly BlockIndex[]): Blamed {
  const indexes = new Set(at.filter((index) => typeof index === 'number'))
  return indexes.size === 0 ? { kind: 'shared' } : { kind: 'operations', indexes }
}
