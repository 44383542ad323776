import type { Owner, Permission } from '../access/index.ts'
import type { Caller } from './context.ts'
import { scopesWith } from './visible.ts'

/** What somebody sees who may not see it all: his own. */
export function ownOf(asking: Pick<Caller, 'principal'>, permission: Permission): Owner | undefined {
  if (scopesWith(asking, permission) === undefined) return undefined
  const { principal } = asking
  return { accountId: 'accountId' in principal ? principal.accountId : null }
}
