import { useQuery } from '@tanstack/react-query'
import { useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { asked } from '../../api/queries.ts'
import { FilterField } from '../../parts/filter-field.tsx'
import { type State, StateMark } from '../../parts/state-mark.tsx'
import { Table, TableFoot } from '../../parts/table.tsx'
import { Empty, View } from '../../parts/view.tsx'
import { useWords } from '../../words/index.ts'

const states = {
  pending: 'waiting',
  applied: 'ok',
  failed: 'failing',
  deleting: 'waiting',
  kept: 'stale',
} as const satisfies Record<string, State>

/** What stands on a server, page by page. */
export function Placed() {
  const words = useWords()
  const { server } = useParams({ from: '/servers/$server/objects' })
  const search = useSearch({ from: '/servers/$server/objects' })
  const navigate = useNavigate({ from: '/servers/$server/objects' })
  const placed = useQuery(asked('GET /servers/{server}/placements', { server, limit: 100, ...search }))
  return (
    <>
      <FilterField
        query={search.q ?? ''}
        error={placed.error}
        onQuery={(q) => void navigate({ search: { q: q || undefined } })}
      />
      <View of={placed}>
        {(page) =>
          page.items.length === 0 ? (
            <Empty text={search.q === undefined ? words.nothingPlaced : words.nothingFits} />
          ) : (
            <div>
              <Table
                caption={words.objects}
                items={page.items}
                keyOf={({ object, backend, identity }) => `${backend} ${object} ${identity}`}
                columns={[
                  { name: words.object, of: ({ object }) => object },
                  { name: words.name, of: ({ identity }) => identity },
                  { name: words.backend, of: ({ backend }) => backend },
                  { name: words.stateIs, of: ({ state }) => <StateMark state={states[state]} /> },
                ]}
              />
              <TableFoot
                page={page}
                cursor={search.cursor}
                onTurn={(cursor) => void navigate({ search: { ...search, cursor } })}
              />
            </div>
          )
        }
      </View>
    </>
  )
}
