import { quoteLiteral } from './table-name.ts'
import type { Unit } from './unit.ts'

/** What a statement does to the transaction of its connection. */
export type StatementKind =
  | 'begin'
  /** Begins a transaction, and more in the same text. */
  | 'begin and more'
  | 'end'
  /** Ends a transaction and begins the next at once. */
  | 'chain'
  /** Goes back to a savepoint, and undoes settings made since. */
  | 'rewind'
  | 'write'
  | 'other'

const LEADING_NOISE = /^(?:\s|;|\(|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/)+/
const BEGIN = /^(?:begin|start\s+transaction)\b/i
const ONE_STATEMENT = /^[^;]*;?\s*$/
const REWIND = /^rollback\s+(?:(?:work|transaction)\s+)?to\b/i
const PREPARED = /^(?:commit|rollback)\s+prepared\b/i
const END = /^(?:commit|end|rollback|abort|prepare\s+transaction)\b/i
const ENDS_WITH_END = /;\s*(?:commit|end|rollback|abort)\b[^;]*;?\s*$/i
const CHAIN = /\band\s+chain\b/i
const WRITE = /^(?:insert|update|delete|merge|truncate)\b/i
const WRITE_LATER = /;\s*(?:insert|update|delete|merge|truncate)\b/i
const WITH = /^with\b/i
const WRITE_WITHIN = /\b(?:insert|update|delete|merge)\b/i

/** Tells kinds apart by how a statement begins and ends: enough for what drivers and ORMs send, and cheap. */
export function kindOf(text: string): StatementKind {
  const sql = text.replace(LEADING_NOISE, '')
  if (BEGIN.test(sql)) return beginKind(sql)
  if (REWIND.test(sql)) return 'rewind'
  if (PREPARED.test(sql)) return 'other'
  if (END.test(sql) || ENDS_WITH_END.test(sql))
    return CHAIN.test(sql) && !/\bno\s+chain\b/i.test(sql) ? 'chain' : 'end'
  return writes(sql) ? 'write' : 'other'
}

/** A whole transaction in one text is, to its connection, a statement that writes. */
function beginKind(sql: string): StatementKind {
  if (ONE_STATEMENT.test(sql)) return 'begin'
  return ENDS_WITH_END.test(sql) ? 'write' : 'begin and more'
}

function writes(sql: string): boolean {
  return WRITE.test(sql) || WRITE_LATER.test(sql) || (WITH.test(sql) && WRITE_WITHIN.test(sql))
}

/** Longer sources help nobody and would be stored with every change. */
const LONGEST_SETTING = 1000

/** Binds the open transaction to the unit; legal before SET TRANSACTION, which a SELECT would not be. */
export function settingsOf(unit: Unit): string {
  return [
    setLocal('unit_of_work', unit.id),
    setLocal('actor', unit.actor ?? ''),
    setLocal('source', unit.source ?? ''),
  ].join('; ')
}

function setLocal(name: string, value: string): string {
  const storable = value.replaceAll('\0', '').slice(0, LONGEST_SETTING).toWellFormed()
  return `set local orchestra.${name} = ${quoteLiteral(storable)}`
}
