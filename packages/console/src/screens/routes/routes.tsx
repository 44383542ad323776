import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import type { AnswerOf } from 'orchestrajs/client'
import { asked } from '../../api/queries.ts'
import { CopyMenu } from '../../parts/copy-menu.tsx'
import { numbered } from '../../parts/cursor.ts'
import { given } from '../../parts/field.tsx'
import { List } from '../../parts/list.tsx'
import { listCommand, listPath } from '../../parts/list-path.ts'
import { Screen } from '../../parts/screen.tsx'
import { StateMark } from '../../parts/state-mark.tsx'
import type { Column } from '../../parts/table.tsx'
import { Empty } from '../../parts/view.tsx'
import { useWords, type Words } from '../../words/index.ts'
import { own } from './words.ts'

type Route = AnswerOf<'GET /routes'>['items'][number]

/** Which objects go where. */
export function Routes() {
  const words = useWords()
  const search = useSearch({ from: '/routes' })
  const navigate = useNavigate({ from: '/routes' })
  const routes = useQuery(
    asked('GET /routes', { limit: 100, ...given({ q: search.q }), ...numbered(search.cursor) }),
  )
  return (
    <Screen
      title={own.title}
      actions={
        <>
          <Link to="/routes/new" className="act">
            {own.add}
          </Link>
          <CopyMenu
            command={listCommand('orchestra route list', search)}
            path={listPath('/routes', search)}
            data={routes.data?.items}
          />
        </>
      }
    >
      <List
        caption={own.title}
        of={routes}
        columns={columns(words)}
        keyOf={({ id }) => id}
        example="backend:nginx server:web1 is:disabled"
        page="routes"
        search={search}
        onSearch={(next) => void navigate({ search: next })}
        empty={<Empty text={own.none} command={`orchestra route add BACKEND --server web1 --match 'true'`} />}
      />
    </Screen>
  )
}

function columns(words: Words): Column<Route>[] {
  return [
    {
      name: own.title,
      of: ({ id }) => (
        <Link to="/routes/$route" params={{ route: String(id) }}>
          {own.route(id)}
        </Link>
      ),
    },
    { name: words.backend, of: ({ backend }) => backend },
    { name: own.match, of: ({ match }) => <code>{match}</code> },
    { name: own.leadsTo, of: destination },
    { name: words.stateIs, of: (route) => <RouteState route={route} /> },
  ]
}

/** Where a route leads: by name, or by what servers have in common. */
export function destination({ server, tags, servers }: Pick<Route, 'server' | 'tags' | 'servers'>): string {
  return server ?? `${tags.map((tag) => `#${tag}`).join(' ')} (${servers.join(', ')})`
}

export function RouteState({ route: { enabled, problem } }: { route: Pick<Route, 'enabled' | 'problem'> }) {
  if (problem !== null)
    return (
      <>
        <StateMark state="failing" /> {problem}
      </>
    )
  return <StateMark state={enabled ? 'ok' : 'held'} text={enabled ? own.enabled : own.disabled} />
}
