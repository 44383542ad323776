import { expect } from 'vitest'
import type { Store } from '../../../orchestra/src/store/index.ts'

/** What a request answers; see `src/routes.ts`. */
export interface Answer {
  ids: number[]
  planned?: string[]
  outcomes?: string[]
  error?: string
}

/** One request, and what must be true after it. */
export interface Call {
  method: 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  path: string
  body?: unknown
  status: number
  /** What its unit changed: `save site:12`; a label, whose id is not known before, by its name. */
  changes(answer: Answer): string[]
  /** The plans of sites by domain; null where there must be none. */
  plans: Record<string, string | null>
  /** Labels by domain. */
  labels?: Record<string, string[]>
  check?(answer: Answer): void
}

export interface Scenario {
  name: string
  /** Writes what the request finds; `name` is unique. */
  prepare(store: Store, name: string): Promise<Call>
}

/** As a person may write it: nothing in it may be taken for SQL. */
export const note = `It's; commit; -- $$ begin /* rollback ? $1 :id \\'; start transaction`

const newSite = (domain: string, plan = 'basic') => ({ domain, plan, note })
const savesOf = ({ ids }: Answer) => ids.map((id) => `save site:${id}`)

async function seedSite(store: Store, domain: string): Promise<number> {
  const [row] = await store.query<{ id: number }>(
    'insert into site (domain, note) values ($1, $2) returning id',
    [domain, note],
  )
  return row?.id ?? Number.NaN
}

async function seedLabels(store: Store, names: string[]): Promise<number[]> {
  const rows = await store.query<{ id: number }>(
    'insert into label (name) select unnest($1::text[]) returning id',
    [names],
  )
  return rows.map(({ id }) => id)
}

const save: Scenario = {
  name: 'saves',
  prepare: async (_store, name) => ({
    method: 'POST',
    path: '/sites',
    body: newSite(`${name}.org`),
    status: 201,
    changes: savesOf,
    plans: { [`${name}.org`]: 'basic' },
  }),
}

const update: Scenario = {
  name: 'updates',
  prepare: async (store, name) => {
    const id = await seedSite(store, `${name}.org`)
    return {
      method: 'PUT',
      path: `/sites/${id}`,
      body: { plan: 'pro' },
      status: 200,
      changes: () => [`save site:${id}`],
      plans: { [`${name}.org`]: 'pro' },
    }
  },
}

const remove: Scenario = {
  name: 'deletes',
  prepare: async (store, name) => {
    const id = await seedSite(store, `${name}.org`)
    return {
      method: 'DELETE',
      path: `/sites/${id}`,
      status: 200,
      changes: () => [`delete site:${id}`],
      plans: { [`${name}.org`]: null },
    }
  },
}

const transaction: Scenario = {
  name: 'commits a transaction over several models',
  prepare: async (_store, name) => {
    const labels = [`${name}-a`, `${name}-b`]
    return {
      method: 'POST',
      path: '/labelled',
      body: { site: newSite(`${name}.org`), labels },
      status: 201,
      changes: (answer) => [...savesOf(answer), ...labels.map((label) => `save label ${label}`)],
      plans: { [`${name}.org`]: 'basic' },
      labels: { [`${name}.org`]: labels },
    }
  },
}

const rollback: Scenario = {
  name: 'rolls a transaction back and writes again',
  prepare: async (store, name) => {
    const id = await seedSite(store, `${name}.org`)
    return {
      method: 'POST',
      path: `/upgrades/${id}`,
      body: {},
      status: 402,
      changes: () => [`save site:${id}`],
      plans: { [`${name}.org`]: 'unpaid' },
    }
  },
}

const savepoint: Scenario = {
  name: 'rolls back to a savepoint and goes on',
  prepare: async (store, name) => {
    await seedSite(store, `${name}-taken.org`)
    return {
      method: 'POST',
      path: '/imports',
      body: { sites: ['first', 'taken', 'last'].map((one) => newSite(`${name}-${one}.org`, 'pro')) },
      status: 201,
      changes: savesOf,
      plans: { [`${name}-first.org`]: 'pro', [`${name}-taken.org`]: 'basic', [`${name}-last.org`]: 'pro' },
      check: ({ ids }) => expect(ids).toHaveLength(2),
    }
  },
}

const bulkInsert: Scenario = {
  name: 'inserts many rows at once',
  prepare: async (_store, name) => {
    const domains = Array.from({ length: 20 }, (_, index) => `${name}-${index}.org`)
    return {
      method: 'POST',
      path: '/many',
      body: { sites: domains.map((domain) => newSite(domain)) },
      status: 201,
      changes: savesOf,
      plans: Object.fromEntries(domains.map((domain) => [domain, 'basic'])),
      check: ({ ids }) => expect(ids).toHaveLength(20),
    }
  },
}

const bulkUpdate: Scenario = {
  name: 'updates many rows at once',
  prepare: async (store, name) => {
    const domains = [`${name}-a.org`, `${name}-b.org`]
    const ids = await Promise.all(domains.map((domain) => seedSite(store, domain)))
    return {
      method: 'PATCH',
      path: '/many',
      body: { ids, plan: 'pro' },
      status: 200,
      changes: () => ids.map((id) => `save site:${id}`),
      plans: Object.fromEntries(domains.map((domain) => [domain, 'pro'])),
    }
  },
}

const upsertNew: Scenario = {
  name: 'inserts by an upsert',
  prepare: async (_store, name) => ({
    method: 'PUT',
    path: '/domains',
    body: newSite(`${name}.org`, 'pro'),
    status: 201,
    changes: savesOf,
    plans: { [`${name}.org`]: 'pro' },
  }),
}

const upsertKnown: Scenario = {
  name: 'updates by an upsert',
  prepare: async (store, name) => {
    const id = await seedSite(store, `${name}.org`)
    return {
      method: 'PUT',
      path: '/domains',
      body: newSite(`${name}.org`, 'pro'),
      status: 201,
      changes: () => [`save site:${id}`],
      plans: { [`${name}.org`]: 'pro' },
      check: ({ ids }) => expect(ids).toEqual([id]),
    }
  },
}

const manyToMany: Scenario = {
  name: 'sets what is related by many-to-many',
  prepare: async (store, name) => {
    const id = await seedSite(store, `${name}.org`)
    const names = ['a', 'b', 'c'].map((one) => `${name}-${one}`)
    const [first, ...labelIds] = await seedLabels(store, names)
    await store.query('insert into site_label values ($1, $2), ($1, $3)', [id, first, labelIds[0]])
    return {
      method: 'PUT',
      path: `/sites/${id}/labels`,
      body: { labelIds },
      status: 200,
      changes: () => [`save site:${id}`],
      plans: { [`${name}.org`]: 'basic' },
      labels: { [`${name}.org`]: names.slice(1) },
    }
  },
}

const plan: Scenario = {
  name: 'plans inside of the transaction',
  prepare: async (_store, name) => ({
    method: 'POST',
    path: '/planned',
    body: newSite(`${name}.org`),
    status: 201,
    changes: savesOf,
    plans: { [`${name}.org`]: 'basic' },
    check: ({ ids, planned }) => expect(planned).toEqual([`here: save site:${ids[0]}`]),
  }),
}

const refusal: Scenario = {
  name: 'refuses an object that its model does not allow',
  prepare: async (_store, name) => ({
    method: 'POST',
    path: '/planned',
    body: newSite(`no domain: ${name}`),
    status: 422,
    changes: () => [],
    plans: { [`no domain: ${name}`]: null },
    check: ({ error }) => expect(error).toContain('domain'),
  }),
}

/** Needs a worker. */
export const settled: Scenario = {
  name: 'waits until its change has arrived',
  prepare: async (_store, name) => ({
    method: 'POST',
    path: '/settled',
    body: newSite(`${name}.org`),
    status: 201,
    changes: savesOf,
    plans: { [`${name}.org`]: 'basic' },
    check: ({ ids, outcomes }) => expect(outcomes).toEqual([`here: site:${ids[0]} success`]),
  }),
}

/** All that need no worker. */
export const scenarios: readonly Scenario[] = [
  save,
  update,
  remove,
  transaction,
  rollback,
  savepoint,
  bulkInsert,
  bulkUpdate,
  upsertNew,
  upsertKnown,
  manyToMany,
  plan,
  refusal,
]
