import pg from 'pg'
import type { Connection } from '../../store/index.ts'
import { numberOrBigint } from '../decimal.ts'
import { parseExactJson } from '../json.ts'
import { parseArray } from './array.ts'

/** How values of a type are read. */
export interface ValueType {
  parse(text: string): unknown
  /** Whether they are numbers of any size, which a schema may want in other words. */
  holdsNumbers: boolean
}

const text: ValueType = { parse: (value) => value, holdsNumbers: false }
const integer: ValueType = { parse: numberOrBigint, holdsNumbers: true }
const numeric: ValueType = { ...text, holdsNumbers: true }
const json: ValueType = { parse: parseExactJson, holdsNumbers: false }

/** Types that the driver would read with a loss, by their numbers in `pg_type`. */
const exactTypes: ReadonlyMap<number, ValueType> = new Map([
  [20, integer],
  [1016, arrayOf(integer, ',')],
  [1700, numeric],
  [1231, arrayOf(numeric, ',')],
  [114, json],
  [199, arrayOf(json, ',')],
  [3802, json],
  [3807, arrayOf(json, ',')],
])

/** A type that the driver does not know either, as the catalogue has it. */
interface FoundType {
  oid: number
  /** Of a domain, what it is a domain of; else 0. */
  base: number
  /** Of an array, what it holds; else 0. */
  element: number
  delimiter: string
}

/** The types of one database, each looked up once. A number that is not found is looked up again: its type may come yet. */
export class ValueTypes {
  readonly #known = new Map(exactTypes)

  /** The types with these numbers. */
  async of(numbers: readonly number[], db: Pick<Connection, 'texts'>): Promise<ValueType[]> {
    const absent = [...new Set(numbers)].filter((oid) => this.#find(oid) === undefined)
    if (absent.length > 0) await this.#lookUp(absent, db)
    return numbers.map((oid) => this.#find(oid) ?? text)
  }

  #find(oid: number): ValueType | undefined {
    return this.#known.get(oid) ?? ofDriver(oid)
  }

  async #lookUp(oids: readonly number[], db: Pick<Connection, 'texts'>): Promise<void> {
    const { rows } = await db.texts(TYPES, [oids])
    const found = new Map(
      rows.map(([oid, base, element, delimiter]) => [
        Number(oid),
        { oid: Number(oid), base: Number(base), element: Number(element), delimiter: delimiter ?? ',' },
      ]),
    )
    for (const type of found.values()) this.#known.set(type.oid, this.#make(type, found))
  }

  #make(type: FoundType, found: ReadonlyMap<number, FoundType>): ValueType {
    const inner = (oid: number): ValueType => {
      const made = this.#find(oid)
      const described = found.get(oid)
      if (made !== undefined) return made
      return described === undefined ? text : this.#make(described, found)
    }
    if (type.base !== 0) return inner(type.base)
    return type.element === 0 ? text : arrayOf(inner(type.element), type.delimiter)
  }
}

const TYPES = `
with recursive wanted as (
  select oid, typbasetype, case when typcategory = 'A' then typelem else 0 end as element
  from pg_catalog.pg_type where oid = any($1::oid[])
  union
  select t.oid, t.typbasetype, case when t.typcategory = 'A' then t.typelem else 0 end
  from wanted join pg_catalog.pg_type t on t.oid in (wanted.typbasetype, wanted.element)
)
select wanted.oid, typbasetype, element, (select typdelim from pg_catalog.pg_type where oid = element)
from wanted`

function arrayOf(element: ValueType, delimiter: string): ValueType {
  return {
    parse: (value) => parseArray(value, delimiter, element.parse),
    holdsNumbers: element.holdsNumbers,
  }
}

/** What the driver answers for a number that is no type's. */
const unknownToDriver = driverParser(0)

function driverParser(oid: number): (text: string) => unknown {
  return pg.types.getTypeParser(oid as Parameters<typeof pg.types.getTypeParser>[0])
}

/** As the driver reads it, dates for one; undefined for what it passes through. */
function ofDriver(oid: number): ValueType | undefined {
  const parse = driverParser(oid)
  return parse === unknownToDriver ? undefined : { parse, holdsNumbers: false }
}
