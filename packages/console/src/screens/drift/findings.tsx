import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import type { AnswerOf } from 'orchestrajs/client'
import { asked } from '../../api/queries.ts'
import { numbered } from '../../parts/cursor.ts'
import { Differences } from '../../parts/differences.tsx'
import { FindingMark } from '../../parts/finding-mark.tsx'
import { List } from '../../parts/list.tsx'
import type { Column } from '../../parts/table.tsx'
import { ObjectLink, ServerLink } from '../../parts/things.tsx'
import { Time } from '../../parts/time.tsx'
import { Empty } from '../../parts/view.tsx'
import { useWords, type Words } from '../../words/index.ts'
import css from './drift.module.css'
import { RepairButton } from './repair-button.tsx'

type Finding = AnswerOf<'GET /findings'>['items'][number]

/** Everything that is otherwise than it should be, one by one. */
export function Findings() {
  const words = useWords()
  const { q, cursor } = useSearch({ from: '/changes/drift/findings' })
  const navigate = useNavigate({ from: '/changes/drift/findings' })
  const input = {
    limit: 50,
    ...(q === undefined ? {} : { q }),
    ...numbered(cursor),
  }
  return (
    <>
      <List
        page="findings"
        example="server:web1 state:drifted"
        of={useQuery(asked('GET /findings', input))}
        search={{ q, cursor }}
        onSearch={(to) => void navigate({ search: to })}
        caption={words.found.all}
        columns={findingColumns(words)}
        keyOf={({ id }) => id}
        empty={<Empty text={words.found.none} command="orchestra sync --check" />}
      />
      {q === undefined ? null : (
        <p className={css.line}>
          {words.found.allThatFit} <RepairButton what={{ q }} />
        </p>
      )}
    </>
  )
}

function findingColumns(words: Words): Column<Finding>[] {
  return [
    {
      name: words.object,
      of: ({ object, identity }) => (object === null ? identity : <ObjectLink object={object} />),
    },
    { name: words.kind, of: ({ state }) => <FindingMark state={state} /> },
    { name: words.server, of: ({ server }) => <ServerLink server={server} /> },
    { name: words.backend, of: ({ backend }) => backend },
    { name: words.since, of: ({ since }) => <Time at={since} /> },
    {
      name: words.path,
      of: ({ differences, stale }) => (
        <>
          {stale ? <span className={css.quiet}>{words.found.stale} </span> : null}
          {differences.length === 0 ? null : (
            <details>
              <summary>{differences.map(({ title }) => title).join(', ')}</summary>
              <Differences differences={differences} />
            </details>
          )}
        </>
      ),
    },
  ]
}
