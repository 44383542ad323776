import type { Queryable } from '../store/index.ts'
import type { NewScope } from './bind.ts'
import { permissionsOf } from './roles.ts'
import type { Grant } from './scope.ts'

/** Whom the application that Orchestra is embedded in vouches for: it alone knows its people. */
export interface Vouched {
  kind: 'application'
  /** As the audit names him: `application:ana`, who need not be the user `ana`. */
  name: string
  grants: readonly Grant[]
  accountId: null
  /** What the application said, for what is done of this one request later. */
  said: VouchedFor
}

/** Whom an application names, and to what it lets him. */
export interface VouchedFor extends NewScope {
  name: string
  role: string
}

/**
 * What an application gives one of its people, for one request.
 * @throws OrchestraError ORC_ROLE_UNKNOWN
 */
export async function vouchFor(db: Queryable, said: VouchedFor): Promise<Vouched> {
  const { name, role, servers, backends, models, actions } = said
  const scope = {
    servers: servers ?? null,
    backends: backends ?? null,
    models: models ?? null,
    actions: actions ?? null,
  }
  const grants = [{ permissions: new Set(await permissionsOf(db, role)), scope }]
  return { kind: 'application', name: `application:${name}`, grants, accountId: null, said }
}
