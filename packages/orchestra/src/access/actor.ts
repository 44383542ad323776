import { OrchestraError } from '../errors.ts'
import { type Grant, lacking } from './scope.ts'

/** Who changes who may what. */
export interface Actor {
  by: string
  /** What he may himself; left out for whoever has the store's password anyway. */
  grants?: readonly Grant[] | undefined
  /** His account, where he has one. */
  accountId?: number | null | undefined
}

/** What tells the time; tests have one of their own. */
export type Clock = () => Date

export const clock: Clock = () => new Date()

/**
 * Nobody gives what he lacks, to others or by way of others to himself.
 * @throws OrchestraError ORC_FORBIDDEN
 */
export function assertMayGive({ grants }: Actor, given: readonly Grant[]): void {
  if (grants === undefined) return
  const missing = [...new Set(given.flatMap((grant) => lacking(grants, grant)))]
  if (missing.length === 0) return
  throw new OrchestraError('ORC_FORBIDDEN', `Nobody gives what he lacks: ${missing.join(', ')}`, {
    hint: 'Ask somebody who has that himself, everywhere where it is to hold',
  })
}

/** Whose something is. */
export interface Owner {
  /** Null for somebody without an account: nothing is his. */
  accountId: number | null
}
