import { formatKey, parseObject } from '../config/key.ts'
import { OrchestraError } from '../errors.ts'

/** What a person names when something is to be retried or cancelled. */
export type WorkTarget =
  | { kind: 'log'; id: number }
  | { kind: 'object'; model: string; key: string }
  | { kind: 'unit'; id: string }

const uuidForm = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** Reads `12` as a log, `site:12` as an object, and a uuid as a unit of work. */
export function parseTarget(text: string): WorkTarget {
  if (/^\d{1,15}$/.test(text)) return { kind: 'log', id: Number(text) }
  if (uuidForm.test(text)) return { kind: 'unit', id: text }
  const object = parseObject(text)
  if (object !== undefined) return { kind: 'object', model: object.model, key: formatKey(object.key) }
  throw new OrchestraError(
    'ORC_USAGE',
    `${JSON.stringify(text)} names nothing that can be retried or cancelled`,
    {
      hint: 'Give a log (12), an object (site:12) or a unit of work (its uuid)',
    },
  )
}

/** SQL that is true for the operations `o` of a target whose id or key are the first two parameters. */
export function conditionOf(target: WorkTarget): { condition: string; values: [unknown, unknown] } {
  switch (target.kind) {
    case 'log':
      return {
        condition:
          '($2::text is null and o.id in (select operation_id from orchestra.log_operation where log_id = $1::bigint))',
        values: [target.id, null],
      }
    case 'unit':
      return { condition: '($2::text is null and o.unit_id = $1::uuid)', values: [target.id, null] }
    case 'object':
      return {
        condition: '(o.model = $1::text and o.key_hash = md5($2::text)::uuid)',
        values: [target.model, target.key],
      }
  }
}
