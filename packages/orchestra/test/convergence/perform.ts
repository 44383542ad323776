import { isOrchestraError } from '../../src/errors.ts'
import { forget, listProtections, type Protectable, protect, unprotect } from '../../src/removal/index.ts'
import { addRoute, disableRoute, enableRoute, listRoutes, removeRoute } from '../../src/router/index.ts'
import { holdServer, releaseServer } from '../../src/server/index.ts'
import type { Queryable } from '../../src/store/index.ts'
import { requestSync } from '../../src/sync/index.ts'
import { matchOf } from './desired.ts'
import { type RowStep, type Step, servers } from './steps.ts'
import type { Town } from './town.ts'

const by = 'test'

/** Lets one step happen. Boxes of which the test itself destroyed data are added to `spoiled`. */
export async function perform(town: Town, step: Step, spoiled: Set<number>): Promise<void> {
  const { store, config } = town.world
  switch (step.does) {
    case 'unseen':
      return store.transaction(async (tx) => {
        await tx.query('set local session_replication_role = replica')
        await change(tx, step.step)
      })
    case 'add-route': {
      const match = step.wide ? 'true' : matchOf(step.server)
      await addRoute(store, config, { backend: step.backend, server: step.server, match, by })
      return
    }
    case 'remove-route':
    case 'toggle-route':
      return changeRoute(town, step)
    case 'lose':
    case 'find':
      return town.reach(step.server, step.does)
    case 'wipe':
      for (const { id } of await store.query<{ id: number }>('select id from box')) spoiled.add(id)
      return town.disks[step.server]?.wipe()
    case 'hold':
      await holdServer(store, step.server, { by, reason: 'a test' })
      return
    case 'release':
      await releaseServer(store, step.server, { by })
      return
    case 'damage':
      await town.disks[step.server]?.damage(step.backend, step.how, step.at)
      return
    case 'stranger':
      return town.disks[step.server]?.addStranger(step.path)
    case 'restart-worker':
      return town.crew.replace()
    case 'sync': {
      const { does: _, ...request } = step
      await requestSync(store, { ...request, actor: by, source: by })
      return
    }
    case 'protect':
      await protect(store, protectable(step), { by })
      return
    case 'unprotect':
      await unprotect(store, protectable(step), by)
      return
    case 'forget':
      return forgetIfKnown(town, step)
    case 'wait':
      return town.pass(step.ms)
    default:
      return store.transaction((tx) => change(tx, step))
  }
}

function protectable({ id, backend }: { id: number; backend: string }): Protectable {
  return { kind: 'object', model: 'box', key: [String(id)], backend }
}

async function forgetIfKnown(town: Town, { id, backend }: { id: number; backend: string }): Promise<void> {
  try {
    await forget(town.world.store, { object: { model: 'box', key: [String(id)] }, backend }, by)
    if (backend === 'pool') town.givenUp.add(id)
  } catch (error) {
    if (!isOrchestraError(error) || error.code !== 'ORC_OBJECT_UNKNOWN') throw error
  }
}

async function changeRoute(town: Town, { does, at }: { does: string; at: number }): Promise<void> {
  const { store } = town.world
  const routes = await listRoutes(store)
  const route = routes[at % Math.max(1, routes.length)]
  if (route === undefined) return
  const toggle = route.enabled ? disableRoute : enableRoute
  await (does === 'remove-route' ? removeRoute : toggle)(store, route.id, { by })
}

/** Changes rows; what the name of another box forbids does not happen. */
async function change(tx: Queryable, step: RowStep): Promise<void> {
  const isFree = 'not exists (select from box where name = $2)'
  switch (step.does) {
    case 'insert':
      await tx.query(`insert into box (id, name, body, place) select $1, $2, $3, $4 where ${isFree}`, [
        step.id,
        step.name,
        step.body,
        step.place,
      ])
      return
    case 'update':
      await tx.query('update box set body = $2 where id = $1', [step.id, step.body])
      return
    case 'rename':
      await tx.query(`update box set name = $2 where id = $1 and ${isFree}`, [step.id, step.name])
      return
    case 'inherit':
      await tx.query('delete from box where name = $1 and id <> $2', [step.name, step.id])
      await tx.query('update box set name = $2 where id = $1', [step.id, step.name])
      return
    case 'move':
      await tx.query('update box set place = $2 where id = $1', [step.id, step.place])
      return
    case 'delete':
      await tx.query('delete from box where id = $1', [step.id])
  }
}

/** Ends all trouble: servers are back, rows corrected, nothing is disabled or protected. */
export async function calmDown(town: Town): Promise<void> {
  const { store } = town.world
  for (const name of servers) await town.reach(name, 'find')
  for (const name of servers) await releaseServer(store, name, { by })
  for (const route of await listRoutes(store)) if (!route.enabled) await enableRoute(store, route.id, { by })
  for (const { object, backend } of await listProtections(store)) {
    const id = Number(object?.split(':')[1])
    await unprotect(store, protectable({ id, backend: backend ?? '' }), by)
  }
  await store.query(`update box set body = 'good-again' where body in ('fail', 'throw', 'invalid')`)
}
