import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import type { AnswerOf } from 'orchestrajs/client'
import { asked } from '../../api/queries.ts'
import { BulkActs } from '../../parts/bulk.tsx'
import { CopyMenu } from '../../parts/copy-menu.tsx'
import { List } from '../../parts/list.tsx'
import { listCommand, listPath } from '../../parts/list-path.ts'
import { Screen } from '../../parts/screen.tsx'
import { StateMark } from '../../parts/state-mark.tsx'
import type { Column } from '../../parts/table.tsx'
import { ServerLink } from '../../parts/things.tsx'
import { Empty } from '../../parts/view.tsx'
import { useWords, type Words } from '../../words/index.ts'
import { AddServer } from './add.tsx'
import { KeyMark } from './key-mark.tsx'
import { type ServerStatus, standing } from './standing.ts'

type Server = AnswerOf<'GET /servers'>['items'][number]

/** All servers, page by page, and how each stands. */
export function Servers() {
  const words = useWords()
  const search = useSearch({ from: '/servers' })
  const navigate = useNavigate({ from: '/servers' })
  const servers = useQuery(asked('GET /servers', { limit: 100, ...search }))
  const { data: status } = useQuery(asked('GET /status', { most: 20 }))
  const byName = new Map(status?.servers.map((server) => [server.name, server]))
  return (
    <Screen
      title={words.servers}
      actions={
        <>
          <AddServer />
          <CopyMenu
            command={listCommand('orchestra server list', search)}
            path={listPath('/servers', search)}
            data={servers.data?.items}
          />
        </>
      }
    >
      <BulkActs actions={['hold', 'release', 'check']} query={search.q ?? ''} />
      <List
        caption={words.servers}
        of={servers}
        columns={columns(words, byName)}
        keyOf={({ name }) => name}
        page="servers"
        search={search}
        onSearch={(next) => void navigate({ search: next })}
        empty={<Empty text={words.noServers} command="orchestra server add web1 --host 203.0.113.7" />}
      />
    </Screen>
  )
}

function columns(words: Words, byName: ReadonlyMap<string, ServerStatus>): Column<Server>[] {
  return [
    {
      name: words.server,
      of: ({ name }) => <ServerLink server={name} />,
    },
    { name: words.stateIs, of: ({ name }) => <Standing status={byName.get(name)} /> },
    { name: words.objects, of: ({ name }) => byName.get(name)?.placed ?? '' },
    { name: words.waits, of: ({ name }) => byName.get(name)?.waiting ?? '' },
    { name: words.address, of: (server) => <span className="mono">{addressOf(server)}</span> },
    { name: words.tags, of: ({ tags }) => tags.join(', ') },
    { name: words.hostKey, of: ({ key }) => <KeyMark state={key} /> },
  ]
}

function Standing({ status }: { status: ServerStatus | undefined }) {
  return status === undefined ? null : <StateMark state={standing(status)} />
}

export function addressOf({ method, user, host, port }: Pick<Server, 'method' | 'user' | 'host' | 'port'>) {
  if (method === 'local' || method === 'function') return method
  return `${user}@${host.includes(':') ? `[${host}]` : host}:${port}`
}
