import type { Captured } from './row-images.ts'
import { quoteLiteral } from './table-name.ts'
import type { Watch } from './watch.ts'
import { actorSql, sourceSql, unitSql } from './who-writes.ts'

/** Keys in one row of orchestra.change at most, so that nobody ever has to read millions of keys at once. */
const KEYS_PER_ROW = 1000

/** Writes keys to orchestra.change, all with one action. */
export function recordKeys({ watch }: Captured, action: string, rows: string): string {
  return `${insertInto(watch)} '${action}', to_jsonb(array_agg(key))
    from (select key, ${PAGE} from (${rows}) found) numbered
    group by page`
}

/** Writes rows of (key, action) to orchestra.change. */
export function recordActions({ watch }: Captured, rows: string): string {
  return `${insertInto(watch)} action, to_jsonb(array_agg(key))
    from (select key, action, ${PAGE} from (${rows}) found) numbered
    group by action, page`
}

const PAGE = `(row_number() over () - 1) / ${KEYS_PER_ROW} as page`

function insertInto({ model }: Watch): string {
  return `insert into orchestra.change (unit_id, actor, source, model, action, keys)
    select ${unitSql},
      ${actorSql},
      ${sourceSql},
      ${quoteLiteral(model)},`
}

export function recordKey(model: string, action: string, key: string): string {
  return recordValues(model, action, `to_jsonb(array[${key}])`)
}

/** Writes that something happened to objects of a model that this statement cannot name. */
export function recordModel(model: string, action: 'compare' | 'truncate'): string {
  return recordValues(model, action, `'[]'`)
}

function recordValues(model: string, action: string, keys: string): string {
  return `insert into orchestra.change (unit_id, actor, source, model, action, keys)
      values (${unitSql},
        ${actorSql},
        ${sourceSql},
        ${quoteLiteral(model)}, '${action}', ${keys})`
}
