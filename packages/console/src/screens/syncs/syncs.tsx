import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import type { AnswerOf } from 'orchestrajs/client'
import { asked, untold } from '../../api/queries.ts'
import { CopyMenu } from '../../parts/copy-menu.tsx'
import { numbered } from '../../parts/cursor.ts'
import { List } from '../../parts/list.tsx'
import { listPath } from '../../parts/list-path.ts'
import { Screen } from '../../parts/screen.tsx'
import { type State, StateMark } from '../../parts/state-mark.tsx'
import type { Column } from '../../parts/table.tsx'
import { ServerLink } from '../../parts/things.tsx'
import { Age } from '../../parts/time.tsx'
import { Empty } from '../../parts/view.tsx'
import { useWords, type Words } from '../../words/index.ts'
import { StartButton } from './start-button.tsx'

type Sync = AnswerOf<'GET /syncs'>['items'][number]

export const syncMarks: Readonly<Record<Sync['state'], State>> = {
  comparing: 'running',
  inspecting: 'running',
  done: 'ok',
  stopped: 'blocked',
  failed: 'failing',
  cancelled: 'none',
}

/** What makes rows and servers agree, or only looks: what is at work, and what came to nothing. */
export function Syncs() {
  const words = useWords()
  const search = useSearch({ from: '/changes/syncs' })
  const navigate = useNavigate({ from: '/changes/syncs' })
  const { q, cursor } = search
  const input = {
    limit: 50,
    ...(q === undefined ? {} : { q }),
    ...numbered(cursor),
  }
  const syncs = useQuery({ ...asked('GET /syncs', input), ...untold })
  return (
    <Screen
      title={words.sync.all}
      actions={
        <>
          <StartButton />
          <CopyMenu
            command="orchestra sync list"
            path={listPath('/syncs', { ...search })}
            data={syncs.data?.items}
          />
        </>
      }
    >
      <List
        of={syncs}
        search={search}
        onSearch={(to) => void navigate({ search: to })}
        caption={words.sync.all}
        columns={columns(words)}
        keyOf={({ id }) => id}
        empty={<Empty text={words.sync.none} command="orchestra sync" />}
      />
    </Screen>
  )
}

function columns(words: Words): Column<Sync>[] {
  return [
    {
      name: words.sync.one,
      of: ({ id }) => (
        <Link to="/changes/syncs/$sync" params={{ sync: id }}>
          {id}
        </Link>
      ),
    },
    { name: words.kind, of: ({ mode }) => words.sync.modes[mode] },
    {
      name: words.stateIs,
      of: ({ state }) => <StateMark state={syncMarks[state]} text={words.sync.states[state]} />,
    },
    {
      name: words.server,
      of: ({ server }) => (server === null ? words.everywhere : <ServerLink server={server} />),
    },
    { name: words.backend, of: ({ backend }) => backend ?? '' },
    { name: words.object, of: ({ object }) => object ?? '' },
    { name: words.who, of: ({ actor, source }) => actor ?? source },
    { name: words.since, of: ({ since }) => <Age at={since} /> },
    { name: words.log.error, of: ({ error }) => error ?? '' },
  ]
}
