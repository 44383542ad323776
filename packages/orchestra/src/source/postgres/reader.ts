import type { LoaderContext } from '../../config/model.ts'
import type { Connection, Store } from '../../store/index.ts'
import { ValueTypes } from './types.ts'
import { readValues, type Values } from './values.ts'

/** Statements on one connection, in one transaction. */
export interface Reader {
  query: LoaderContext['query']
  /** The same, and which columns hold numbers. */
  values(text: string, values?: readonly unknown[]): Promise<Values>
}

/** What a read is for: rows as the application has them, or keys in the one way that they are written everywhere. */
export type Purpose = 'rows' | 'keys'

/** Where the application's tables are read. */
export interface Database {
  /** Several statements that see the same tables: none can be renamed or replaced between them once it was read. */
  read<Result>(work: (reader: Reader) => Promise<Result>, purpose?: Purpose): Promise<Result>
  /** One statement of the application's own, as loaders send it. */
  query: LoaderContext['query']
}

/**
 * Row policies do not filter but refuse, and code of the application's that a read runs cannot write as the worker. Numbers are
 * written to their last digit, whatever the database's setting.
 */
const OPENING = 'begin read only; set local row_security = off; set local extra_float_digits = 1'

/** As the trigger functions write keys, whatever the settings of a session. */
const KEY_SETTINGS = `; set local datestyle = 'ISO, MDY'; set local timezone = 'UTC'; set local intervalstyle = 'postgres';
  set local bytea_output = 'hex'; set local lc_monetary = 'C'`

/** Reads by transactions of its own. Nothing may be asked of an embedded store while one is open: it has one session. */
export function databaseOf(store: Store): Database {
  const types = new ValueTypes()
  return {
    // What is asked first is about the table, and reads the catalog.
    read: (work, purpose = 'rows') =>
      store.transaction((tx) => work(readerOf(tx, types)), {
        opening: purpose === 'keys' ? OPENING + KEY_SETTINGS : OPENING,
        first: 'harmless',
      }),
    query: (text, values) =>
      store.transaction((tx) => readerOf(tx, types).query(text, values), { opening: OPENING }),
  }
}

/** Reads through an open transaction of somebody else's, whose settings stay as they are. */
export function databaseWithin(connection: Connection): Database {
  const reader = readerOf(connection, new ValueTypes())
  return { read: (work) => work(reader), query: reader.query }
}

function readerOf(connection: Connection, types: ValueTypes): Reader {
  const values: Reader['values'] = async (text, given) =>
    readValues(await connection.texts(text, given), types, connection)
  return {
    values,
    query: async <Row>(text: string, given?: readonly unknown[]) => (await values(text, given)).rows as Row[],
  }
}
