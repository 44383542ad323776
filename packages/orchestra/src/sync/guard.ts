import { OrchestraError } from '../errors.ts'

/** So many may always go: a small server must not stop over a handful. */
const FEW = 10
/** One in so many. */
const SHARE = 10

/** Objects of a backend on a server that an error names at most. */
export const NAMED = 5

/**
 * How many objects of one backend may be removed from one server without somebody having said so. A table that took the place of
 * another proves by the share that it holds that it is the same: a few that it does not hold may be all.
 */
export function deleteBound(placements: number, isReplaced = false): number {
  return Math.max(isReplaced ? 0 : FEW, Math.floor(placements / SHARE))
}

/** Removals that one synchronization, plan or inspection wants of one backend on one server. */
export interface Removals {
  backend: string
  server: string
  deletes: number
  /** What stands there now. */
  placements: number
  /** Some of what would go, by name. */
  objects: readonly string[]
  /** The model's table is another than it was. */
  isReplaced: boolean
}

/** Whether they are more than may go. @param allowed what somebody allowed instead of the usual bound */
export function exceedsBound(
  { deletes, placements, isReplaced }: Pick<Removals, 'deletes' | 'placements' | 'isReplaced'>,
  allowed: number | null,
): boolean {
  return deletes > (allowed ?? deleteBound(placements, isReplaced))
}

/** Why nothing was removed, and how to allow it. */
export function guardError(exceeding: readonly Removals[]): OrchestraError {
  const most = Math.max(...exceeding.map((one) => one.deletes))
  return new OrchestraError('ORC_GUARD', exceeding.map(describe).join('; '), {
    hint: `Nothing was removed. When this is meant, allow it with --allow-deletes ${most}`,
  })
}

function describe({ backend, server, deletes, placements, objects, isReplaced }: Removals): string {
  const percent = placements === 0 ? 100 : Math.round((deletes / placements) * 100)
  const more = deletes > objects.length ? ' and others' : ''
  return `${deletes} of ${placements} objects (${percent} %) of ${backend} would be removed from ${server}: ${objects.join(', ')}${more}${isReplaced ? ', because another table has the name of theirs' : ''}`
}
