import { OrchestraError } from '../errors.ts'
import { endInspectionsOf } from '../inspect/index.ts'
import { latestUnit } from '../operations/of-unit.ts'
import { checkOptions } from '../options.ts'
import { type GivenUp, giveUp } from '../removal/index.ts'
import { touchRoutes } from '../router/index.ts'
import { announce, audit } from '../server/control.ts'
import { type Doer, doerNames } from '../server/doer.ts'
import { lockServer } from '../server/registry.ts'
import { type AskedChange, changesIn } from '../source/index.ts'
import { givingWay, type Queryable, type Store } from '../store/index.ts'
import { isUsed, useOf, useText } from './use.ts'

/** What a server still had when it was removed. */
export interface Removal extends GivenUp {
  routes: number
}

/**
 * Removes a server with its routes. Nothing is sent to it: what stands there stays. Work that waits for it is revoked, and what
 * waited elsewhere until an object stands there is looked at again.
 * @throws OrchestraError ORC_SERVER_IN_USE when it has anything left and `force` is not given
 */
export async function removeServer(
  store: Store,
  name: string,
  options: Doer & { force?: boolean } = {},
): Promise<Removal> {
  checkOptions('removeServer()', options, { ...doerNames, force: true })
  return givingWay(store, async (tx) => {
    const { id } = await lockServer(tx, name, 'no key update')
    if (options.force !== true) await refuseUse(tx, id, name)
    const removal = await dissolve(tx, id)
    await touchRoutes(tx)
    await audit(tx, { by: options.by, action: 'server.remove', target: name, detail: { ...removal } })
    await announce(tx, `server:${id}`)
    return removal
  })
}

async function refuseUse(tx: Queryable, id: number, name: string): Promise<void> {
  const use = await useOf(tx, id)
  if (!isUsed(use)) return
  throw new OrchestraError('ORC_SERVER_IN_USE', `Server ${name} has ${useText(use)}`, {
    hint: `Remove its routes and move away what stands there (\`orchestra plan --server ${name}\` shows it), or give it up with \`orchestra forget --server ${name}\` or --force`,
  })
}

async function dissolve(tx: Queryable, id: number): Promise<Removal> {
  await tx.query('update orchestra.server set removed_at = now() where id = $1', [id])
  const routes = await tx.query('delete from orchestra.route where server_id = $1 returning 1', [id])
  await lookAgainAtLeaving(tx, id)
  const given = await giveUp(tx, { serverId: id, backend: null, object: null }, 'its server was removed')
  await endInspectionsOf(tx, id, 'its server was removed')
  return { routes: routes.length, ...given }
}

/** No object will ever stand there: the copies that waited for that must learn where theirs belongs now. */
async function lookAgainAtLeaving(tx: Queryable, id: number): Promise<void> {
  await changesIn(tx).ask(await tx.query<AskedChange>(LEAVING, [id]))
}

const LEAVING = `
select ${latestUnit('o')} as "unitId", u.actor, u.source, p.model, 'save' as action, jsonb_agg(distinct p.keys) as keys
from orchestra.placement p join orchestra.operation o on o.id = p.operation_id
left join orchestra.unit u on u.id = ${latestUnit('o')}
where p.want = 'leave' and p.policy <> 'keep' and exists (
  select from orchestra.placement q where q.server_id = $1 and q.want = 'stand' and q.key_hash = p.key_hash
    and q.model = p.model and q.backend = p.backend)
group by ${latestUnit('o')}, u.actor, u.source, p.model`
