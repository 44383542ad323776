import { sourceNeeds } from '../source/index.ts'

/** A right on something of schema `orchestra`, and what it is for. */
export interface Need {
  on: string
  rights: readonly string[]
  why: string
}

/**
 * What an application's role needs in schema `orchestra`, found by taking each away. Triggers need nothing of it: their functions
 * run as their owner.
 */
export const applicationNeeds: readonly Need[] = [
  ...sourceNeeds,
  ...readBy('unit.plan() and orchestra.plan()', [
    'setting',
    'server',
    'route',
    'placement',
    'protection',
    'operation',
  ]),
  ...readBy('settled()', ['unit', 'lane', 'worker', 'generation', 'log_operation', 'log_chunk']),
  ...readBy('orchestra.sync() and checkNow()', ['inspection', 'finding']),
  {
    on: 'table orchestra.sync',
    // Whoever locks a row needs the right to update a column of it. This one is numbered by Postgres and cannot be.
    rights: [
      'select',
      'insert (mode, server_id, backend, model, object_key, keys, allow_deletes, inspects, actor, source)',
      'update (id)',
    ],
    why: 'orchestra.sync() and checkNow() ask the workers',
  },
  {
    on: 'function orchestra.audit_sync(text, text, jsonb)',
    rights: ['execute'],
    why: 'the audit tells who asked, by this alone',
  },
]

function readBy(why: string, tables: readonly string[]): Need[] {
  return tables.map((table) => ({
    on: `table orchestra.${table}`,
    rights: ['select'],
    why: `${why} read it`,
  }))
}

/** What a worker needs on every watched table: creating a trigger, and reading rows. */
export const workerRights: readonly string[] = ['select', 'trigger']

/** What an application does with tables that are its own affair. */
export const applicationRights: readonly string[] = ['select', 'insert', 'update', 'delete']
