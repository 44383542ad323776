import { isOfUnit, latestUnit } from '../operations/of-unit.ts'
import { type Narrowing, narrowed, type Queryable } from '../store/index.ts'

/** What a person names when something is to be retried or cancelled. */
export type WorkTarget =
  | { kind: 'log'; id: number }
  | { kind: 'object'; model: string; key: string }
  | { kind: 'unit'; id: string }

/** What people call it, and find it by in the audit: `site:12`, `log 12`, `unit ID`. */
export function targetName(target: WorkTarget): string {
  return target.kind === 'object' ? `${target.model}:${target.key}` : `${target.kind} ${target.id}`
}

/** What operations `o` are meant by. */
export interface Meant {
  condition: string
  values: unknown[]
}

/** Those of them alone that somebody may do something with. */
export function within({ condition, values }: Meant, reached: Narrowing | undefined): Meant {
  if (reached === undefined) return { condition, values }
  const own = [...values]
  const seen = narrowed(reached, 'operation', 'o', own)
  return { condition: `(${condition} and ${seen})`, values: own }
}

/** Whether there is any operation of a target among those. */
export async function isAtWork(db: Queryable, target: WorkTarget, reached: Narrowing): Promise<boolean> {
  const { condition, values } = within(conditionOf(target), reached)
  const rows = await db.query(`select from orchestra.operation o where ${condition} limit 1`, values)
  return rows.length > 0
}

/** SQL that is true for the operations `o` of a target whose id or key are the first two parameters. */
export function conditionOf(target: WorkTarget): Meant {
  switch (target.kind) {
    case 'log':
      return {
        condition:
          '($2::text is null and o.id in (select operation_id from orchestra.log_operation where log_id = $1::bigint))',
        values: [target.id, null],
      }
    case 'unit':
      // What carries the change of a later unit is that one's to be cancelled.
      return {
        condition: `($2::text is null and ${isOfUnit('o', '$1::uuid')} and ${latestUnit('o')} = $1::uuid)`,
        values: [target.id, null],
      }
    case 'object':
      return {
        condition: '(o.model = $1::text and o.key_hash = md5($2::text)::uuid)',
        values: [target.model, target.key],
      }
  }
}
