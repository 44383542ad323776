import type { UseQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { useWords } from '../words/index.ts'
import { FilterField } from './filter-field.tsx'
import { SavedViews } from './saved-views.tsx'
import { type Column, Table, TableFoot } from './table.tsx'
import { Empty, View } from './view.tsx'

interface Search {
  q?: string | undefined
  cursor?: string | undefined
}

interface Listed<Item> {
  items: Item[]
  next: string | null
  count: number
  countIsExact: boolean
}

interface ListProps<Item> {
  /** What it is a list of. */
  caption: string
  /** What was asked for. */
  of: Pick<UseQueryResult<Listed<Item>, Error>, 'data' | 'error' | 'refetch'>
  columns: readonly Column<Item>[]
  keyOf: (item: Item) => string | number
  /** What the address says. */
  search: Search
  onSearch: (search: Search) => void
  /** What is said where there is nothing at all: with the next step. */
  empty: ReactNode
  /** For a list that has no grammar of its own. */
  hasFilter?: boolean
  /** What it can be narrowed by. */
  example?: string
  /** What views of it are saved under. */
  page?: string
}

/** A list of the API, page by page, narrowed by what the address says. */
export function List<Item>(props: ListProps<Item>) {
  const {
    caption,
    of,
    columns,
    keyOf,
    search,
    onSearch,
    empty,
    hasFilter = true,
    example,
    page: kept,
  } = props
  const words = useWords()
  const onQuery = (q: string) => onSearch({ ...search, q: q || undefined, cursor: undefined })
  return (
    <>
      {hasFilter ? (
        <div>
          <FilterField
            query={search.q ?? ''}
            error={of.error}
            example={example}
            page={kept}
            onQuery={onQuery}
          />
          {kept === undefined ? null : <SavedViews page={kept} query={search.q ?? ''} onQuery={onQuery} />}
        </div>
      ) : null}
      <View of={of}>
        {(page) =>
          page.items.length === 0 ? (
            search.q === undefined && search.cursor === undefined ? (
              empty
            ) : (
              <Empty text={words.nothingFits} />
            )
          ) : (
            <div>
              <Table caption={caption} columns={columns} items={page.items} keyOf={keyOf} />
              <TableFoot
                page={page}
                cursor={search.cursor}
                onTurn={(cursor) => onSearch({ ...search, cursor })}
              />
            </div>
          )
        }
      </View>
    </>
  )
}
