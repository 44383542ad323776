import { useQuery } from '@tanstack/react-query'
import { useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { asked } from '../../api/queries.ts'
import { numbered } from '../../parts/cursor.ts'
import { List } from '../../parts/list.tsx'
import { operationColumns } from '../../parts/operation.tsx'
import { Empty } from '../../parts/view.tsx'
import { useWords } from '../../words/index.ts'

/** What was done with an object, is done, and waits, the newest first. */
export function OperationsTab() {
  const words = useWords()
  const { object } = useParams({ from: '/objects/$object/operations' })
  const { q, cursor } = useSearch({ from: '/objects/$object/operations' })
  const navigate = useNavigate({ from: '/objects/$object/operations' })
  const input = {
    object,
    limit: 50,
    ...(q === undefined ? {} : { q }),
    ...numbered(cursor),
  }
  return (
    <List
      of={useQuery(asked('GET /objects/{object}/operations', input))}
      search={{ q, cursor }}
      onSearch={(to) => void navigate({ search: to })}
      caption={words.operations}
      columns={operationColumns(words)}
      keyOf={({ id }) => id}
      empty={<Empty text={words.thing.noHistory} />}
    />
  )
}
