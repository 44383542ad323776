import type { Key } from '../config/model.ts'
import { OrchestraError } from '../errors.ts'
import type { Queryable } from '../store/index.ts'
import { currentUnit } from './unit.ts'
import { actorSql, isAsleepSql, sourceSql, unitSql } from './who-writes.ts'

export interface CollectRequest {
  model: string
  keys: readonly Key[]
  /** Default `save`. */
  action?: string | undefined
  /** The object itself, for what no table holds; then of one key. Its secret fields must be encrypted already. */
  payload?: unknown
  /** Default the caller's unit, else the transaction. */
  unit?: string | undefined
}

/**
 * Records a change that no trigger sees: a custom action, or an object that no table holds. Given a connection with an open
 * transaction, it commits and rolls back with that. Answers the unit's id.
 */
export async function collect(db: Queryable, request: CollectRequest): Promise<string> {
  const { model, keys, action = 'save', payload } = request
  assertCollectable(request)
  const unit = currentUnit()
  const joined = request.unit === undefined || request.unit === unit?.id ? unit : undefined
  const [row] = await db.query<{ unit_id: string }>(
    `with written as (
      insert into orchestra.change (unit_id, actor, source, model, action, keys, payload)
      values (coalesce($1::uuid, ${unitSql}), coalesce($2, ${actorSql}), coalesce($3, ${sourceSql}), $4, $5, $6, $7)
      returning unit_id
    )
    select unit_id, case when ${isAsleepSql} then pg_notify('orchestra_change', '') end from written`,
    [
      request.unit ?? unit?.id ?? null,
      joined?.actor ?? null,
      joined?.source ?? null,
      model,
      action,
      JSON.stringify(keys),
      payload === undefined ? null : JSON.stringify(payload),
    ],
  )
  if (row === undefined) throw new OrchestraError('ORC_INTERNAL', `A change of ${model} was not recorded`)
  return row.unit_id
}

function assertCollectable({ model, keys, payload }: CollectRequest): void {
  const [key] = keys
  const problem =
    key === undefined || keys.some((parts) => parts.length === 0)
      ? 'without a key'
      : payload !== undefined && keys.length > 1
        ? `with one payload for ${keys.length} keys`
        : undefined
  if (problem === undefined) return
  throw new OrchestraError('ORC_USAGE', `A change of ${model} was to be collected ${problem}`, {
    hint: 'Give every object its key; objects that no table holds are collected one by one, each with its payload',
  })
}
