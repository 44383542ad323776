import { useQuery } from '@tanstack/react-query'
import { useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { asked } from '../../api/queries.ts'
import { FilterField } from '../../parts/filter-field.tsx'
import { Table, TableFoot } from '../../parts/table.tsx'
import { Empty, View } from '../../parts/view.tsx'
import { useWords } from '../../words/index.ts'

/** What the last look at a server found otherwise than it should be. */
export function Drift() {
  const words = useWords()
  const { server } = useParams({ from: '/servers/$server/drift' })
  const { q, cursor } = useSearch({ from: '/servers/$server/drift' })
  const navigate = useNavigate({ from: '/servers/$server/drift' })
  const input = {
    server,
    limit: 100,
    ...(q === undefined ? {} : { q }),
    ...(cursor === undefined ? {} : { cursor: Number(cursor) }),
  }
  const found = useQuery(asked('GET /servers/{server}/findings', input))
  return (
    <>
      <FilterField
        query={q ?? ''}
        error={found.error}
        onQuery={(query) => void navigate({ search: { q: query || undefined } })}
      />
      <View of={found}>
        {(page) =>
          page.items.length === 0 ? (
            <Empty text={q === undefined ? words.noDrift : words.nothingFits} />
          ) : (
            <div>
              <Table
                caption={words.drift}
                items={page.items}
                keyOf={({ id }) => id}
                columns={[
                  { name: words.object, of: ({ object, identity }) => object ?? identity },
                  { name: words.kind, of: ({ state }) => words.findings[state] },
                  { name: words.backend, of: ({ backend }) => backend },
                ]}
              />
              <TableFoot
                page={page}
                cursor={cursor}
                onTurn={(next) => void navigate({ search: { q, cursor: next } })}
              />
            </div>
          )
        }
      </View>
    </>
  )
}
