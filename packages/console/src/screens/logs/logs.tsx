import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { asked } from '../../api/queries.ts'
import { CopyMenu, quoted } from '../../parts/copy-menu.tsx'
import { numbered } from '../../parts/cursor.ts'
import { List } from '../../parts/list.tsx'
import { listPath } from '../../parts/list-path.ts'
import { Screen } from '../../parts/screen.tsx'
import { Empty } from '../../parts/view.tsx'
import { useWords } from '../../words/index.ts'
import { logColumns } from './log-columns.tsx'

/** All scripts that ran, the newest first. */
export function Logs() {
  const words = useWords()
  const search = useSearch({ from: '/logs' })
  const navigate = useNavigate({ from: '/logs' })
  const { cursor, ...rest } = search
  const logs = useQuery(asked('GET /logs', { limit: 50, ...rest, ...numbered(cursor) }))
  const narrowed = search.q === undefined ? '' : ` --query ${quoted(search.q)}`
  return (
    <Screen
      title={words.logs}
      actions={
        <CopyMenu
          command={`orchestra log list${narrowed}`}
          path={listPath('/logs', { ...search })}
          data={logs.data?.items}
        />
      }
    >
      <List
        page="logs"
        example="server:web1 is:failed since:12h"
        of={logs}
        search={search}
        onSearch={(to) => void navigate({ search: to })}
        caption={words.logs}
        columns={logColumns(words)}
        keyOf={({ id }) => id}
        empty={<Empty text={words.log.none} command="orchestra sync" />}
      />
    </Screen>
  )
}
