import type { Parameter } from '../store/index.ts'

/** A condition for `where`, whose values are parameters: what looks for something and what somebody may see is made the same way. */
export type Condition = (parameter: Parameter) => string

/** What a list can be narrowed by. */
export interface Filter {
  /** What it compares. */
  about: string
  /** All that it can be, where that is known. */
  values?: readonly string[]
  /** Why something cannot be meant; undefined when it can. */
  fault?: (value: string) => string | undefined
  /** SQL for rows that any of some values fits. */
  where: (values: readonly string[], parameter: Parameter) => string
}

/** The filters of one list, by their names, and what a text is looked for in. */
export interface Filters {
  by: Readonly<Record<string, Filter>>
  text: { about: string; where: (text: string, parameter: Parameter) => string }
}

/** A column that is a name. */
export function named(column: string, about: string): Filter {
  return { about, where: (values, parameter) => `${column} = any(${parameter(values)}::text[])` }
}

/** A column of which `*` stands for any characters. */
export function patterned(column: string, about: string): Filter {
  return {
    about: `${about}; \`*\` stands for anything`,
    where: (values, parameter) => anyOf(values.map((value) => likePattern(column, value, parameter))),
  }
}

/** SQL for a text that is a value, in which `*` stands for any characters. */
export function likePattern(column: string, value: string, parameter: Parameter): string {
  if (!value.includes('*')) return `${column} = ${parameter(value)}`
  return `${column} like ${parameter(value.replace(/[\\%_]/g, '\\$&').replaceAll('*', '%'))}`
}

/** Names for conditions. */
export function choice(choices: Readonly<Record<string, string>>, about: string): Filter {
  return {
    about,
    values: Object.keys(choices),
    where: (values) => anyOf(values.map((value) => choices[value] ?? 'false')),
  }
}

/** A column that holds one of a few words. */
export function oneOf(column: string, values: readonly string[], about: string): Filter {
  return { ...named(column, about), values }
}

/** A server by its name, where rows have its id: also one that is removed. */
export function serverNamed(column: string): Filter {
  return {
    about: 'A server',
    where: (values, parameter) => {
      // An array that is made once, so that an index can be asked for it.
      const name = values.length === 1 ? parameter(values[0]) : `any(${parameter(values)}::text[])`
      return `${column} = any(array(select id from orchestra.server where name = ${name}))`
    },
  }
}

/** An object, `site:12`, where rows have its model, its key and the hash of that. */
export function objectNamed(row: string): Filter {
  return {
    about: 'An object, such as `object:site:12`',
    fault: (value) => (value.includes(':') ? undefined : 'an object is MODEL:KEY'),
    where: (values, parameter) =>
      anyOf(
        values.map((value) => {
          const colon = value.indexOf(':')
          const [model, key] = [
            parameter(value.slice(0, Math.max(colon, 0))),
            parameter(value.slice(colon + 1)),
          ]
          return `(${row}.key_hash = md5(${key}::text)::uuid and ${row}.model = ${model} and ${row}.object_key = ${key})`
        }),
      ),
  }
}

/** A number by which rows are known. */
export function numbered(column: string, about: string): Filter {
  return {
    about,
    fault: (value) => (/^\d{1,15}$/.test(value) ? undefined : 'is not a number'),
    where: (values, parameter) => `${column} = any(${parameter(values.map(Number))}::bigint[])`,
  }
}

/** From a moment on, or until one. Of several the widest counts, as one of them has to fit. */
export function moment(column: string, side: 'since' | 'until'): Filter {
  const operator = side === 'since' ? '>=' : '<'
  return {
    about: `${side === 'since' ? 'At or after' : 'Before'} a moment: \`2026-01-31\`, \`2026-01-31T09:00Z\`, or so long ago: \`12h\`, \`7d\``,
    fault: (value) =>
      momentOf(value) === undefined ? 'is not a moment, such as 2026-01-31T09:00Z or 12h' : undefined,
    where: (values, parameter) =>
      anyOf(values.map((value) => `${column} ${operator} ${parameter(momentOf(value))}::timestamptz`)),
  }
}

const MOMENT = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d))?$/

const units: Readonly<Record<string, number>> = { d: 86_400_000, h: 3_600_000, min: 60_000, s: 1_000 }

/** A day without a time begins in UTC. */
function momentOf(text: string): string | undefined {
  const [, count, unit = ''] = /^(\d{1,5})(d|h|min|s)$/.exec(text) ?? []
  if (count !== undefined) return new Date(Date.now() - Number(count) * (units[unit] ?? 0)).toISOString()
  const at = MOMENT.test(text) ? new Date(text) : undefined
  if (at === undefined || Number.isNaN(at.getTime())) return undefined
  // The language makes a March day of February 30.
  const day = new Date(`${text.slice(0, 10)}T00:00Z`).toISOString().slice(0, 10)
  return day === text.slice(0, 10) ? at.toISOString() : undefined
}

/** SQL for a text that stands in one of some columns, whatever its case. */
export function textIn(...columns: readonly string[]): Filters['text']['where'] {
  return (text, parameter) => {
    const looked = parameter(text.toLowerCase())
    return anyOf(columns.map((column) => `position(${looked}::text in lower(${column})) > 0`))
  }
}

export function anyOf(conditions: readonly string[]): string {
  const [only = 'false'] = conditions
  return conditions.length < 2 ? only : `(${conditions.join(' or ')})`
}
