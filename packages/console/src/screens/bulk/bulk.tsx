import { useQuery } from '@tanstack/react-query'
import { useNavigate, useParams, useSearch } from '@tanstack/react-router'
import type { AnswerOf } from 'orchestrajs/client'
import { asked } from '../../api/queries.ts'
import { ActForm } from '../../parts/act-form.tsx'
import { own } from '../../parts/bulk-words.ts'
import { CopyMenu } from '../../parts/copy-menu.tsx'
import { numbered } from '../../parts/cursor.ts'
import { Facts } from '../../parts/facts.tsx'
import { List } from '../../parts/list.tsx'
import { Screen } from '../../parts/screen.tsx'
import { type State, StateMark } from '../../parts/state-mark.tsx'
import type { Column } from '../../parts/table.tsx'
import { ObjectLink, ServerLink } from '../../parts/things.tsx'
import { Time } from '../../parts/time.tsx'
import { Empty, View } from '../../parts/view.tsx'
import { useWords, type Words } from '../../words/index.ts'

type Bulk = AnswerOf<'GET /bulk/{bulk}'>
type Item = AnswerOf<'GET /bulk/{bulk}/items'>['items'][number]

const states = ['waiting', 'done', 'failed', 'refused'] as const

const looks = {
  waiting: 'waiting',
  done: 'ok',
  failed: 'failing',
  refused: 'blocked',
} as const satisfies Record<Item['state'], State>

/** Something that is done to many: how far it is, and what came of each. */
export function OneBulk() {
  const bulk = Number(useParams({ from: '/bulk/$bulk' }).bulk)
  const shown = useQuery({
    ...asked('GET /bulk/{bulk}', { bulk }),
    // No event tells of each; somebody who looks wants to see it move.
    refetchInterval: ({ state }) => (isOver(state.data) ? false : 1_000),
  })
  return (
    <Screen
      title={shown.data === undefined ? own.title(bulk) : titleOf(shown.data)}
      actions={
        <>
          {isOver(shown.data) ? null : <Stop bulk={bulk} />}
          <CopyMenu command={`orchestra bulk show ${bulk}`} path={`/bulk/${bulk}`} data={shown.data} />
        </>
      }
    >
      <View of={shown}>{(data) => <Known bulk={data} />}</View>
      <Items bulk={bulk} isOver={isOver(shown.data)} />
    </Screen>
  )
}

function isOver(bulk: Bulk | undefined): boolean {
  return bulk !== undefined && bulk.state !== 'waiting' && bulk.state !== 'running'
}

function titleOf({ action, id }: Bulk): string {
  return `${(own.actions as Readonly<Record<string, string>>)[action] ?? action} · ${own.title(id)}`
}

function Stop({ bulk }: { bulk: number }) {
  return (
    <ActForm
      act="POST /bulk/{bulk}/cancel"
      label={own.stop}
      title={own.title(bulk)}
      help={own.stopHelp}
      input={() => ({ bulk })}
    />
  )
}

function Known({ bulk: { counts, by, reasonGiven, createdAt } }: { bulk: Bulk }) {
  const words = useWords()
  return (
    <Facts
      of={[
        [
          own.counts,
          <span key="counts" className="line" role="status">
            {states
              .filter((state) => counts[state] > 0)
              .map((state) => (
                <StateMark key={state} state={looks[state]} text={`${counts[state]} ${own.states[state]}`} />
              ))}
          </span>,
        ],
        [own.by, by],
        [words.reason, reasonGiven],
        [words.when, <Time key="when" at={createdAt} />],
      ]}
    />
  )
}

function Items({ bulk, isOver: over }: { bulk: number; isOver: boolean }) {
  const words = useWords()
  const { cursor } = useSearch({ from: '/bulk/$bulk' })
  const navigate = useNavigate({ from: '/bulk/$bulk' })
  const items = useQuery({
    ...asked('GET /bulk/{bulk}/items', { bulk, limit: 100, ...numbered(cursor) }),
    refetchInterval: over ? false : 1_000,
  })
  return (
    <List
      caption={own.what}
      of={items}
      columns={columns(words)}
      keyOf={({ number }) => number}
      search={{ cursor }}
      onSearch={(next) => void navigate({ search: { cursor: next.cursor } })}
      empty={<Empty text={own.itemsEmpty} />}
      hasFilter={false}
    />
  )
}

function columns(words: Words): Column<Item>[] {
  return [
    {
      name: own.what,
      of: ({ item }) => (item.includes(':') ? <ObjectLink object={item} /> : <ServerLink server={item} />),
    },
    { name: words.stateIs, of: ({ state }) => <StateMark state={looks[state]} text={own.states[state]} /> },
    {
      name: words.server,
      of: ({ server }) => (server === null ? '' : <ServerLink server={server} />),
    },
    { name: own.result, of: ({ detail }) => <code className="wraps">{detailOf(detail)}</code> },
  ]
}

function detailOf(detail: unknown): string {
  if (detail === null || detail === undefined) return ''
  return typeof detail === 'object' && 'message' in detail ? String(detail.message) : JSON.stringify(detail)
}
