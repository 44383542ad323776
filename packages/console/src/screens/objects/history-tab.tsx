import { useQuery } from '@tanstack/react-query'
import { useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { asked } from '../../api/queries.ts'
import { numbered } from '../../parts/cursor.ts'
import { List } from '../../parts/list.tsx'
import { Empty } from '../../parts/view.tsx'
import { useWords } from '../../words/index.ts'
import { logColumns } from '../logs/log-columns.tsx'

/** The scripts that did something with an object, the newest first. */
export function HistoryTab() {
  const words = useWords()
  const { object } = useParams({ from: '/objects/$object/history' })
  const { q, cursor } = useSearch({ from: '/objects/$object/history' })
  const navigate = useNavigate({ from: '/objects/$object/history' })
  const input = {
    object,
    limit: 50,
    ...(q === undefined ? {} : { q }),
    ...numbered(cursor),
  }
  return (
    <List
      of={useQuery(asked('GET /objects/{object}/history', input))}
      search={{ q, cursor }}
      onSearch={(to) => void navigate({ search: to })}
      caption={words.thing.history}
      columns={logColumns(words)}
      keyOf={({ id }) => id}
      empty={<Empty text={words.thing.noHistory} />}
    />
  )
}
