export interface Column {
  name: string
  type: number
}

export type RawRow = (Uint8Array | null)[]

/** A query of postgres.js whose rows are asked for as bytes. */
export interface RawQuery extends Promise<unknown> {
  raw(): RawQuery
  execute(): RawQuery
}

type Rename = { from?: unknown }

/** What the application has made of names and rows; postgres.js looks it up each time. */
export interface Transform {
  column: Rename
  row: Rename
}

/**
 * What one query answers (the last of several in one text), before the application's functions see it. postgres.js reads each
 * message in one go, and for as long as it reads one of this query those functions are taken away: nobody else notices.
 */
export class PlainAnswer {
  columns: Column[] = []
  rows: RawRow[] = []

  constructor(query: RawQuery, transform: Transform = { column: {}, row: {} }) {
    const columns = new Renaming(transform.column)
    const rows = new Renaming(transform.row)
    Object.defineProperties(query, {
      statement: watched((statement: object | null) => {
        if (statement !== null) this.#watchColumns(statement, columns)
      }),
      forEachFn: { get: () => this.#rowReader(rows) },
    })
  }

  /** They are made as an empty list, then named one by one. */
  #watchColumns(statement: object, renaming: Renaming): void {
    Object.defineProperty(
      statement,
      'columns',
      watched((columns: Column[] | null) => {
        this.columns = columns ?? []
        this.rows = []
        if (columns === null || columns.length === 0) return
        renaming.takeAway()
        whenLastIsSet(columns, () => renaming.putBack())
      }),
    )
  }

  /** Asked for by postgres.js right before it would hand the row to the application's function. */
  #rowReader(renaming: Renaming): (row: RawRow) => void {
    renaming.takeAway()
    return (row) => {
      renaming.putBack()
      this.rows.push(row)
    }
  }
}

class Renaming {
  readonly #rename: Rename
  readonly #from: unknown

  constructor(rename: Rename) {
    this.#rename = rename
    this.#from = rename.from
  }

  takeAway(): void {
    this.#rename.from = undefined
  }

  putBack(): void {
    this.#rename.from = this.#from
  }
}

/** A property that tells what it is set to. */
function watched<Value>(told: (value: Value) => void): PropertyDescriptor {
  let current: Value
  return {
    configurable: true,
    enumerable: true,
    get: () => current,
    set: (value: Value) => {
      current = value
      told(value)
    },
  }
}

function whenLastIsSet(list: unknown[], then: () => void): void {
  const last = list.length - 1
  Object.defineProperty(list, last, {
    configurable: true,
    enumerable: true,
    set: (value: unknown) => {
      Object.defineProperty(list, last, { value, writable: true, configurable: true, enumerable: true })
      then()
    },
  })
}
