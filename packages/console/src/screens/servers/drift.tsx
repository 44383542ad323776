import { useQuery } from '@tanstack/react-query'
import { useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { asked } from '../../api/queries.ts'
import { numbered } from '../../parts/cursor.ts'
import { given } from '../../parts/field.tsx'
import { List } from '../../parts/list.tsx'
import { Empty } from '../../parts/view.tsx'
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
    ...given({ q }),
    ...numbered(cursor),
  }
  const found = useQuery(asked('GET /servers/{server}/findings', input))
  return (
    <List
      caption={words.drift}
      of={found}
      columns={[
        { name: words.object, of: ({ object, identity }) => object ?? identity },
        { name: words.kind, of: ({ state }) => words.findings[state] },
        { name: words.backend, of: ({ backend }) => backend },
      ]}
      keyOf={({ id }) => id}
      search={{ q, cursor }}
      onSearch={(next) => void navigate({ search: next })}
      empty={<Empty text={words.noDrift} />}
    />
  )
}
