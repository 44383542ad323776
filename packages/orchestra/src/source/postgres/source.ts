import { captureStanding, captureStatus, installCapture, removeCapture } from '../../capture/index.ts'
import type { Connection, Store } from '../../store/index.ts'
import type { Rows, Source } from '../source.ts'
import { changesIn } from './changes.ts'
import { countRows, rowKeys } from './keys.ts'
import { type Database, databaseOf, databaseWithin } from './reader.ts'
import { existingRows, readRows } from './rows.ts'
import { hiddenTables, unreadableModels } from './unreadable.ts'

const sources = new WeakMap<Store, Source>()

/** The application's tables, in the database that has the store too. */
export function sourceOf(store: Store): Source {
  const known = sources.get(store)
  if (known !== undefined) return known
  const source: Source = {
    ...rowsIn(databaseOf(store)),
    changes: changesIn(store),
    capture: {
      install: (models, options) => installCapture(store, models, options),
      status: (models) => captureStatus(store, models),
      standing: () => captureStanding(store),
      remove: () => removeCapture(store),
    },
  }
  sources.set(store, source)
  return source
}

/** The rows as an open transaction of the application's sees them. */
export function rowsWithin(connection: Connection): Rows {
  return rowsIn(databaseWithin(connection))
}

function rowsIn(database: Database): Rows {
  return {
    byKeys: (model, keys) => readRows(database, model, keys),
    existing: (model, keys) => existingRows(database, model, keys),
    keysAfter: (model, after, size) => rowKeys(database, model, after, size),
    count: (model) => countRows(database, model),
    unreadable: (models) => unreadableModels(database, models),
    hidden: (models) => hiddenTables(database, models),
    query: database.query,
  }
}
