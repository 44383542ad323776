import { type ReactNode, useRef } from 'react'
import { useWords } from '../words/index.ts'
import { Button } from './button.tsx'
import { useRowKeys } from './row-keys.ts'
import css from './table.module.css'

/** A column: the first is what its row is about. */
export interface Column<Item> {
  name: string
  of: (item: Item) => ReactNode
}

interface TableProps<Item> {
  /** What it is a list of, for who does not see it. */
  caption: string
  columns: readonly Column<Item>[]
  items: readonly Item[]
  keyOf: (item: Item) => string | number
}

/**
 * Rows by their own keys, in the order in which they came: a row changes where it is, and none moves below somebody's pointer. `j`
 * and `k` go from link to link of the first column.
 */
export function Table<Item>({ caption, columns, items, keyOf }: TableProps<Item>) {
  const table = useRef<HTMLTableElement>(null)
  useRowKeys(table)
  return (
    <div className={css.around}>
      <table ref={table} className={css.table}>
        <caption className="unseen">{caption}</caption>
        <thead>
          <tr>
            {columns.map(({ name }) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {items.map((item) => (
            <tr key={keyOf(item)}>
              {columns.map(({ name, of }, at) =>
                at === 0 ? (
                  <th key={name} scope="row">
                    {of(item)}
                  </th>
                ) : (
                  <td key={name} data-name={name}>
                    {of(item)}
                  </td>
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

export interface Page {
  count: number
  countIsExact: boolean
  next: string | null
}

/** How many there are, and the way to the next of them. */
export function TableFoot({
  page: { count, countIsExact, next },
  cursor,
  onTurn,
}: {
  page: Page
  cursor: string | undefined
  onTurn: (cursor: string | undefined) => void
}) {
  const words = useWords()
  return (
    <div className={css.foot}>
      <span role="status">{words.counted(count, countIsExact)}</span>
      {cursor === undefined ? null : <Button onPress={() => onTurn(undefined)}>{words.back}</Button>}
      {next === null ? null : <Button onPress={() => onTurn(next)}>{words.more}</Button>}
    </div>
  )
}
