import { suggestion } from '../config/similar.ts'
import { QueryFault } from './fault.ts'
import type { Condition, Filter, Filters } from './filter.ts'
import { parseQuery, type Term } from './parse.ts'

/**
 * The condition that a query makes of a list. One filter that is named again fits when one of its values does; different filters, texts,
 * and all that is negated have to fit together.
 * @throws QueryFault
 */
export function queryCondition(filters: Filters, query: string): Condition {
  const terms = parseQuery(query)
  const named = terms.map((term) => ({ term, filter: filterOf(filters, term, query) }))
  const conditions = [
    ...alternatives(named),
    ...named.filter(({ term }) => term.negated || term.name === null).map((one) => alone(filters, one)),
  ]
  return (parameter) =>
    conditions.length === 0
      ? 'true'
      : `(${conditions.map((condition) => condition(parameter)).join(' and ')})`
}

/** Whether a query looks for a text. What cannot be read does not. */
export function looksForText(query: string): boolean {
  try {
    return parseQuery(query).some(({ name }) => name === null)
  } catch {
    return false
  }
}

interface Named {
  term: Term
  /** Undefined of a text. */
  filter: Filter | undefined
}

function alternatives(named: readonly Named[]): Condition[] {
  const asked = named.filter(({ term, filter }) => filter !== undefined && !term.negated)
  return [...Map.groupBy(asked, ({ filter }) => filter)].flatMap(([filter, same]) =>
    filter === undefined
      ? []
      : [
          (parameter) =>
            filter.where(
              same.map(({ term }) => term.value),
              parameter,
            ),
        ],
  )
}

function alone({ text }: Filters, { term: { value, negated }, filter }: Named): Condition {
  return (parameter) => {
    const fits = filter === undefined ? text.where(value, parameter) : filter.where([value], parameter)
    // What a row does not tell is not what is ruled out.
    return negated ? `(${fits}) is not true` : fits
  }
}

function filterOf({ by }: Filters, { name, value, negated, span }: Term, query: string): Filter | undefined {
  if (name === null) return undefined
  const begin = span.from + (negated ? 1 : 0)
  const filter = Object.hasOwn(by, name) ? by[name] : undefined
  if (filter === undefined) throw unknownFilter(query, { from: begin, to: begin + name.length }, name, by)
  const fault = faultOf(filter, value)
  if (fault === undefined) return filter
  throw new QueryFault(query, { from: begin + name.length + 1, to: span.to }, `${name}: ${fault}`)
}

function faultOf({ values, fault }: Filter, value: string): string | undefined {
  if (values !== undefined && !values.includes(value)) return `is none of ${values.join(', ')}`
  return fault?.(value)
}

function unknownFilter(query: string, span: QueryFault['span'], name: string, by: Filters['by']): QueryFault {
  const names = Object.keys(by)
  const all = `This list has ${names.join(', ')}; a text with a colon stands in quotes`
  return new QueryFault(query, span, 'this list has no such filter', suggestion(name, names, all))
}
