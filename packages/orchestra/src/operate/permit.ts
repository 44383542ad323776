import {
  allows,
  type Grant,
  lackingOf,
  type Permission,
  rowPredicate,
  type Scope,
  scopesOf,
} from '../access/index.ts'
import { parseObject } from '../config/key.ts'
import { OrchestraError } from '../errors.ts'
import { narrowed, type Store } from '../store/index.ts'
import type { Caller } from './context.ts'
import { leastFor, narrowing, ofAllObjects, permissionsFor, sameForAll } from './permissions.ts'
import { namedRow, whatIsUnseen } from './unseen.ts'
import { visibleRows } from './visible.ts'

/** What may be looked at to find what something is about. */
interface Base extends Pick<Caller, 'principal'> {
  store?: Store | undefined
}

/**
 * Refuses what whoever asks has no permission for; what he may not even see is told to be nowhere, as what is not there is. What a verb
 * would do or show may be anywhere that its input does not rule out, and has to be permitted all over there: so somebody with limits
 * names what is within them.
 * @throws OrchestraError ORC_FORBIDDEN
 */
export async function permit({ principal, store }: Base, name: string, input: unknown): Promise<void> {
  if (!('grants' in principal)) return
  const needed = permissionsFor(name, await withWeight({ principal, store }, input))
  if (needed === 'command') throw atTheMachine(name)
  const missing = needed.filter((permission) => scopesOf(principal.grants, permission).length === 0)
  if (missing.length > 0) throw lacks(name, missing)
  if (sameForAll.has(name) || narrowing.has(name)) return
  if (await isAllowedRow(store, principal.grants, needed, input)) return
  const about = ofAllObjects.has(name) ? { ...(input as Asked), route: undefined } : input
  const scope = await scopeAsked(store, about)
  const { plan } = (input ?? {}) as Asked
  const beyond = [
    ...lackingOf(principal.grants, { permissions: new Set(needed), scope }),
    ...(typeof plan === 'object' ? lackingOfSome(principal.grants, needed, plan.operations) : []),
  ]
  if (beyond.length === 0) return
  const refusal = lacksThere(name, beyond)
  const unseen = store === undefined ? undefined : await whatIsUnseen({ principal, store }, input)
  if (unseen === undefined) throw refusal
  unseen.cause = refusal
  throw unseen
}

/**
 * Refuses whoever cannot be permitted it whatever he would say, so that it need not be listened to.
 * @throws OrchestraError ORC_FORBIDDEN
 */
export function assertMayAsk(principal: Caller['principal'], name: string): void {
  if (!('grants' in principal)) return
  const least = leastFor(name)
  if (least === 'command') throw atTheMachine(name)
  if (least.length > 0 && !least.some((permission) => scopesOf(principal.grants, permission).length > 0))
    throw lacks(name, least)
}

function atTheMachine(name: string): OrchestraError {
  return new OrchestraError('ORC_FORBIDDEN', `${name} is asked for on the machine alone`, {
    hint: 'Use the command there',
  })
}

function lacks(name: string, missing: readonly Permission[]): OrchestraError {
  return new OrchestraError('ORC_FORBIDDEN', `${name} needs the permission ${missing.join(', ')}`, {
    hint: 'Somebody who may can give it: orchestra binding add ROLE --user NAME',
  })
}

export function lacksThere(name: string, missing: readonly Permission[]): OrchestraError {
  return new OrchestraError(
    'ORC_FORBIDDEN',
    `${name} needs the permission ${missing.join(', ')} for all of that`,
    {
      hint: 'Name the server or backend that it is for, or ask somebody who may more',
    },
  )
}

/** The fields by which verbs are told what they are about. */
interface Asked {
  server?: string
  servers?: readonly string[]
  backend?: string
  backends?: readonly string[]
  model?: string
  models?: readonly string[]
  actions?: readonly string[]
  object?: string
  objects?: readonly string[]
  target?: string
  route?: number
  tags?: readonly string[]
  log?: number
  incident?: number
  plan?: number | { selector: Asked; operations: readonly PlacedOperation[] }
}

interface PlacedOperation {
  server: string
  backend: string
  object: string
  action: string
}

async function scopeAsked(store: Store | undefined, input: unknown): Promise<Scope> {
  const asked = (input ?? {}) as Asked
  // How much of it is otherwise now is looked for in all that it was asked for.
  if (typeof asked.plan === 'object') return scopeAsked(store, asked.plan.selector)
  if (asked.route !== undefined) return scopeOfRoute(store, asked)
  return {
    servers: named(asked.server, asked.servers),
    backends: named(asked.backend, asked.backends),
    models: modelsOf(asked),
    actions: named(undefined, asked.actions),
  }
}

/** What a plan that is kept does is known, and told to whoever sees it. */
async function withWeight(base: Base, input: unknown): Promise<unknown> {
  const { store, principal } = base
  const { plan } = (input ?? {}) as Asked
  if (typeof plan !== 'number' || store === undefined) return input
  const values: unknown[] = [plan]
  const seen = narrowed(visibleRows({ principal }, 'status.read'), 'plan', 'kept', values)
  const [row] = await store.query<{ removes: boolean }>(
    `select removes > 0 as removes from orchestra.plan kept where id = $1 and ${seen}`,
    values,
  )
  return { ...(input as Asked), ...row }
}

/** No names are no limit. */
function named(one: string | undefined, several: readonly string[] | undefined): readonly string[] | null {
  const names = [...(one === undefined ? [] : [one]), ...(several ?? [])]
  return names.length === 0 ? null : names
}

/** Those that are named, and those of the objects that are: who names both may have to do with both. */
function modelsOf({ model, models, object, objects = [], target }: Asked): readonly string[] | null {
  const texts = [object, target, ...objects].filter((text) => text !== undefined)
  const ofObjects = texts.map((text) => parseObject(text)?.model)
  if (ofObjects.includes(undefined)) return null
  return named(model, [...(models ?? []), ...(ofObjects as string[])])
}

/** The permissions that somebody lacks for some of these. */
function lackingOfSome(
  grants: readonly Grant[],
  needed: readonly Permission[],
  operations: readonly PlacedOperation[],
): Permission[] {
  const subjects = operations.map(({ object, ...place }) => ({
    ...place,
    model: parseObject(object)?.model ?? null,
  }))
  return needed.filter((permission) => {
    const scopes = scopesOf(grants, permission)
    return !subjects.every((subject) => allows(scopes, subject))
  })
}

/**
 * Refuses to show what would be done beyond where somebody may: what he asked for can lead there, as data that arrives on one server leaves
 * another.
 * @throws OrchestraError ORC_FORBIDDEN
 */
export function permitAll(
  { principal }: Pick<Caller, 'principal'>,
  { name, input, operations }: { name: string; input: unknown; operations: readonly PlacedOperation[] },
): void {
  if (!('grants' in principal)) return
  const needed = permissionsFor(name, input)
  if (needed === 'command') throw atTheMachine(name)
  const beyond = lackingOfSome(principal.grants, needed, operations)
  if (beyond.length > 0) throw lacksThere(name, beyond)
}

/** It leads from where it leads now to where it is to lead. */
async function scopeOfRoute(store: Store | undefined, { route, server, tags }: Asked): Promise<Scope> {
  const [row] = (await store?.query<{ backend: string; server: string | null }>(
    `select r.backend, s.name as server from orchestra.route r left join orchestra.server s on s.id = r.server_id
     where r.id = $1`,
    [route],
  )) ?? [undefined]
  const isOfServers = row?.server != null && tags === undefined
  const there = isOfServers ? [row.server ?? '', ...(server === undefined ? [] : [server])] : null
  return { servers: there, backends: row === undefined ? null : [row.backend], models: null, actions: null }
}

/** What a script or an incident was about is known. */
async function isAllowedRow(
  store: Store | undefined,
  grants: readonly Grant[],
  needed: readonly Permission[],
  input: unknown,
): Promise<boolean> {
  const row = namedRow(input)
  if (row === undefined || store === undefined) return false
  const { kind, id } = row
  for (const permission of needed) {
    const values: unknown[] = [id]
    const parameter = (value: unknown) => `$${values.push(value)}`
    const seen = rowPredicate(scopesOf(grants, permission), kind, 'r', parameter)
    const found = await store.query(`select from orchestra.${kind} r where r.id = $1 and ${seen}`, values)
    if (found.length === 0) return false
  }
  return true
}
