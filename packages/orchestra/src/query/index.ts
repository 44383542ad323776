export type { Parameter } from '../store/index.ts'
export { looksForText, queryCondition } from './compile.ts'
export { readCursor, writeCursor } from './cursor.ts'
export { QueryFault, type Span } from './fault.ts'
export {
  anyOf,
  type Condition,
  choice,
  type Filter,
  type Filters,
  likePattern,
  moment,
  named,
  numbered,
  objectNamed,
  oneOf,
  patterned,
  serverNamed,
  textIn,
} from './filter.ts'
export { type Counted, countRows, MOST_COUNTED, type Narrowed, queryWith, seenRows } from './list.ts'
export { LONGEST_QUERY, MOST_TERMS, parseQuery, type Term } from './parse.ts'
export { printQuery } from './print.ts'
