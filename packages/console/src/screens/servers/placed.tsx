import { useQuery } from '@tanstack/react-query'
import { useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { asked } from '../../api/queries.ts'
import { List } from '../../parts/list.tsx'
import { type State, StateMark } from '../../parts/state-mark.tsx'
import { Empty } from '../../parts/view.tsx'
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
    <List
      caption={words.objects}
      of={placed}
      columns={[
        { name: words.object, of: ({ object }) => object },
        { name: words.name, of: ({ identity }) => identity },
        { name: words.backend, of: ({ backend }) => backend },
        { name: words.stateIs, of: ({ state }) => <StateMark state={states[state]} /> },
      ]}
      keyOf={({ object, backend, identity }) => `${backend} ${object} ${identity}`}
      search={search}
      onSearch={(next) => void navigate({ search: next })}
      empty={<Empty text={words.nothingPlaced} />}
    />
  )
}
