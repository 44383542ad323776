import type { Owner, Permission } from '../access/index.ts'
import type { Caller } from './context.ts'
import { scopesWith } from './visible.ts'

/** What somebody sees who may not see it all: his own. */
export function ownOf(asking: Pick<Caller, 'principal'>, permission: Permission): Owner | undefined {
  return scopesWith(asking, permission) === undefined ? undefined : inPerson(asking)
}

/**
 * Whose account is asked for in person. A token does what it was given for its owner, and is not he: where he is in, what else comes in for
 * him, and what he said and saved are no concern of a program that may look at one server.
 */
export function inPerson({ principal }: Pick<Caller, 'principal'>): Owner {
  return { accountId: principal.kind !== 'token' && 'accountId' in principal ? principal.accountId : null }
}
