import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import type { AnswerOf } from 'orchestrajs/client'
import { apiUrl } from '../../api/client.ts'
import { asked, untold } from '../../api/queries.ts'
import { ActButton } from '../../parts/button.tsx'
import { CopyMenu } from '../../parts/copy-menu.tsx'
import { numbered } from '../../parts/cursor.ts'
import { given } from '../../parts/field.tsx'
import { List } from '../../parts/list.tsx'
import { listCommand, listPath } from '../../parts/list-path.ts'
import { Screen } from '../../parts/screen.tsx'
import { StateMark } from '../../parts/state-mark.tsx'
import type { Column } from '../../parts/table.tsx'
import { Time } from '../../parts/time.tsx'
import { Empty, Problem } from '../../parts/view.tsx'
import { useWords, type Words } from '../../words/index.ts'
import { own } from './words.ts'

type Entry = AnswerOf<'GET /audit'>['items'][number]

/** Who did what, and whether that is still as it was written. */
export function Audit() {
  const words = useWords()
  const search = useSearch({ from: '/audit' })
  const navigate = useNavigate({ from: '/audit' })
  const input = { limit: 100, ...given({ q: search.q }), ...numbered(search.cursor) }
  const entries = useQuery({ ...asked('GET /audit', input), ...untold })
  return (
    <Screen
      title={own.title}
      actions={
        <>
          <a className="act" href={apiUrl('/audit/export')} download>
            {own.export}
          </a>
          <CopyMenu
            command={listCommand('orchestra audit list', search)}
            path={listPath('/audit', search)}
            data={entries.data?.items}
          />
        </>
      }
    >
      <Verify />
      <List
        caption={own.title}
        of={entries}
        columns={columns(words)}
        keyOf={({ id }) => id}
        example="by:ana action:route since:7d"
        page="audit"
        search={search}
        onSearch={(next) => void navigate({ search: next })}
        empty={<Empty text={own.none} />}
      />
    </Screen>
  )
}

function columns(words: Words): Column<Entry>[] {
  return [
    { name: words.when, of: ({ at }) => <Time at={at} /> },
    { name: words.who, of: ({ by }) => by },
    { name: words.action, of: ({ action }) => <code>{action}</code> },
    { name: own.target, of: ({ target }) => target },
    {
      name: own.detail,
      of: ({ detail }) => (detail === null ? '' : <code className="wraps">{JSON.stringify(detail)}</code>),
    },
  ]
}

function Verify() {
  const found = useQuery({ ...asked('GET /audit/verify'), enabled: false })
  const { data, isFetching, error, refetch } = found
  return (
    <div className="line">
      <ActButton needs="audit" onPress={() => void refetch()}>
        {isFetching ? own.verifying : own.verify}
      </ActButton>
      <span role="status">
        {data === undefined ? null : data.state === 'whole' ? (
          <>
            <StateMark state="ok" text={own.whole(data.entries)} />
            {data.unlinked === 0 ? null : ` · ${own.unlinked(data.unlinked)}`} · {own.head}:{' '}
            <code>
              {data.head.link} {data.head.hash.slice(0, 16)}
            </code>
          </>
        ) : (
          <StateMark state="failing" text={`${own.broken}: ${data.fault?.text ?? ''}`} />
        )}
      </span>
      {error === null ? null : <Problem error={error} />}
    </div>
  )
}
