import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import type { AnswerOf } from 'orchestrajs/client'
import { asked, untold } from '../../api/queries.ts'
import { CopyMenu } from '../../parts/copy-menu.tsx'
import { numbered } from '../../parts/cursor.ts'
import { given } from '../../parts/field.tsx'
import { List } from '../../parts/list.tsx'
import { listCommand, listPath } from '../../parts/list-path.ts'
import { Screen } from '../../parts/screen.tsx'
import { type State, StateMark } from '../../parts/state-mark.tsx'
import type { Column } from '../../parts/table.tsx'
import { ServerLink } from '../../parts/things.tsx'
import { Age, Time } from '../../parts/time.tsx'
import { Empty } from '../../parts/view.tsx'
import { useWords, type Words } from '../../words/index.ts'
import { own } from './words.ts'

export type Incident = AnswerOf<'GET /incidents'>['items'][number]

/** What went wrong, by its cause. */
export function Incidents() {
  const words = useWords()
  const search = useSearch({ from: '/incidents' })
  const navigate = useNavigate({ from: '/incidents' })
  const input = { limit: 50, ...given({ q: search.q }), ...numbered(search.cursor) }
  const incidents = useQuery({ ...asked('GET /incidents', input), ...untold })
  return (
    <Screen
      title={own.title}
      actions={
        <CopyMenu
          command={listCommand('orchestra incident list', search)}
          path={listPath('/incidents', search)}
          data={incidents.data?.items}
        />
      }
    >
      <List
        caption={own.title}
        of={incidents}
        columns={columns(words)}
        keyOf={({ id }) => id}
        example="is:open server:web1 -is:muted"
        page="incidents"
        search={search}
        onSearch={(next) => void navigate({ search: next })}
        empty={<Empty text={own.none} />}
      />
    </Screen>
  )
}

export function columns(words: Words): Column<Incident>[] {
  return [
    {
      name: own.title,
      of: ({ id }) => (
        <Link to="/incidents/$incident" params={{ incident: String(id) }}>
          {own.incident(id)}
        </Link>
      ),
    },
    { name: words.stateIs, of: (incident) => <IncidentState incident={incident} /> },
    {
      name: words.server,
      of: ({ server }) => (server === null ? words.everywhere : <ServerLink server={server} />),
    },
    { name: words.backend, of: ({ backend }) => backend ?? '' },
    { name: own.cause, of: ({ error, outcome }) => error ?? outcome },
    { name: own.affected, of: ({ objects }) => objects },
    { name: own.opened, of: ({ openedAt }) => <Age at={openedAt} /> },
  ]
}

const looks = { open: 'failing', recovered: 'ok', resolved: 'ok' } as const satisfies Record<
  Incident['state'],
  State
>

export function IncidentState({ incident }: { incident: Incident }) {
  const { state, acknowledged, muted, isLasting, regressions } = incident
  const more = [
    acknowledged === null ? null : own.with(acknowledged.by),
    isLasting ? own.lasting : null,
    regressions === 0 ? null : own.again(regressions),
  ].filter((part) => part !== null)
  return (
    <>
      <StateMark state={looks[state]} text={own.states[state]} />
      {more.map((part) => ` · ${part}`)}
      {muted === null ? null : (
        <>
          {` · ${own.mutedUntil(muted.by)} `}
          <Time at={muted.until} />
        </>
      )}
    </>
  )
}
