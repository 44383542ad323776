import type { Queryable } from '../../store/index.ts'
import type { Changes } from '../changes.ts'
import { ask, leave, spread } from './asking.ts'
import { announce, movements, writers } from './moving.ts'
import { acknowledge, due, ofUnit, postpone, stillDue } from './taking.ts'
import {
  backlog,
  countOf,
  objectsAmong,
  oldest,
  unit,
  unitsAmong,
  unitsBetween,
  waitingOf,
} from './waiting.ts'

/** Changes as a connection sees them: what is written in its open transaction commits and rolls back with that. */
export function changesIn(db: Queryable): Changes {
  return {
    due: (looking, bound) => due(db, looking, bound),
    stillDue: (ids) => stillDue(db, ids),
    ofUnit: (unitId) => ofUnit(db, unitId),
    acknowledge: (ids) => acknowledge(db, ids),
    postpone: (id, reason, backoff) => postpone(db, id, reason, backoff),
    leave: (ids, beside) => leave(db, ids, beside),
    spread: (known) => spread(db, known),
    ask: (changes) => ask(db, changes),
    backlog: () => backlog(db),
    oldest: () => oldest(db),
    unit: (unitId) => unit(db, unitId),
    unitsBetween: (first, last, most) => unitsBetween(db, first, last, most),
    unitsAmong: (unitIds) => unitsAmong(db, unitIds),
    countOf: (model, key) => countOf(db, model, key),
    waitingOf: (objects) => waitingOf(db, objects),
    objectsAmong: (objects) => objectsAmong(db, objects),
    movements: () => movements(db),
    writers: (isMoved) => writers(db, isMoved),
    announce: (sleeps) => announce(db, sleeps),
  }
}
