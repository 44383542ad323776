import { useQuery } from '@tanstack/react-query'
import { useNavigate, useParams, useSearch } from '@tanstack/react-router'
import type { AnswerOf } from 'orchestrajs/client'
import { asked } from '../../api/queries.ts'
import { ActForm } from '../../parts/act-form.tsx'
import { given } from '../../parts/field.tsx'
import { List } from '../../parts/list.tsx'
import type { Column } from '../../parts/table.tsx'
import { Time } from '../../parts/time.tsx'
import { Empty } from '../../parts/view.tsx'
import { useWords, type Words } from '../../words/index.ts'
import { own } from './words.ts'

type Kept = AnswerOf<'GET /servers/{server}/trash'>['items'][number]

const DAY = 86_400

/** What was removed on a server and can come back: the server is asked for it. */
export function Trash() {
  const words = useWords()
  const { server } = useParams({ from: '/servers/$server/trash' })
  const { cursor } = useSearch({ from: '/servers/$server/trash' })
  const navigate = useNavigate({ from: '/servers/$server/trash' })
  const kept = useQuery(asked('GET /servers/{server}/trash', { server, limit: 100, ...given({ cursor }) }))
  return (
    <>
      <div>
        <ActForm
          act="POST /servers/{server}/trash/empty"
          needs="trash"
          server={server}
          label={own.empty}
          title={own.empty}
          help={own.emptyHelp}
          fields={[{ name: 'days', label: own.olderThan, kind: 'number' }]}
          input={({ days }) => ({
            server,
            yes: true,
            ...given({ olderThan: days ? Number(days) * DAY : undefined }),
          })}
          onDone={() => void kept.refetch()}
        />
      </div>
      <List
        caption={own.trash}
        of={kept}
        columns={columns(words, server)}
        keyOf={({ id }) => id}
        search={{ cursor }}
        onSearch={(next) => void navigate({ search: { cursor: next.cursor } })}
        empty={<Empty text={own.trashEmpty} />}
        hasFilter={false}
      />
    </>
  )
}

function columns(words: Words, server: string): Column<Kept>[] {
  return [
    { name: own.what, of: ({ label }) => label },
    { name: words.backend, of: ({ backend }) => backend },
    { name: own.path, of: ({ path }) => <code className="wraps">{path}</code> },
    { name: own.since, of: ({ since }) => <Time at={since} /> },
    { name: words.note, of: ({ note }) => note },
    {
      name: words.action,
      of: ({ id, label }) => (
        <ActForm
          act="POST /servers/{server}/trash/{id}/restore"
          needs="trash"
          server={server}
          label={own.restore}
          title={label}
          help={own.restoreHelp}
          input={() => ({ server, id })}
        />
      ),
    },
  ]
}
