import { type UseQueryResult, useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router'
import type { AnswerOf } from 'orchestrajs/client'
import type { ReactNode } from 'react'
import { asked } from '../../api/queries.ts'
import { numbered } from '../../parts/cursor.ts'
import { Diff } from '../../parts/diff.tsx'
import { given } from '../../parts/field.tsx'
import { List } from '../../parts/list.tsx'
import { type Column, type Page, TableFoot } from '../../parts/table.tsx'
import { Empty, View } from '../../parts/view.tsx'
import { useWords, type Words } from '../../words/index.ts'
import css from './plans.module.css'
import { own } from './words.ts'

type Operation = AnswerOf<'GET /plans/{plan}/operations'>['items'][number]
const kinds = ['create', 'update', 'replace', 'rename', 'move', 'delete', 'action'] as const

/** What a plan would do, operation by operation; removals can be looked at by themselves. */
export function PlanOperations() {
  const words = useWords()
  const plan = Number(useParams({ from: '/changes/plans/$plan/' }).plan)
  const { kind, cursor } = useSearch({ from: '/changes/plans/$plan/' })
  const navigate = useNavigate({ from: '/changes/plans/$plan/' })
  const input = { plan, limit: 100, ...given({ kind }), ...numbered(cursor) }
  const operations = useQuery(asked('GET /plans/{plan}/operations', input))
  const { data } = useQuery(asked('GET /plans/{plan}', { plan }))
  return (
    <>
      <nav className={css.kinds} aria-label={own.does}>
        {[undefined, ...kinds.filter((one) => (data?.counts[one] ?? 0) > 0)].map((one) => (
          <Link
            key={one ?? ''}
            to="/changes/plans/$plan"
            params={{ plan: String(plan) }}
            search={{ kind: one }}
            aria-current={one === kind ? 'true' : undefined}
          >
            {one === undefined ? own.all : `${own.kinds[one]} ${data?.counts[one]}`}
          </Link>
        ))}
      </nav>
      <List
        caption={own.operations}
        of={operations}
        columns={columns(words)}
        keyOf={({ number }) => number}
        search={{ cursor }}
        onSearch={(next) => void navigate({ search: { kind, cursor: next.cursor } })}
        empty={<Empty text={own.noOperations} />}
        hasFilter={false}
      />
    </>
  )
}

function columns(words: Words): Column<Operation>[] {
  return [
    { name: words.object, of: ({ object }) => object },
    { name: own.does, of: ({ kind, action }) => (kind === 'action' ? action : own.kinds[kind]) },
    { name: words.server, of: ({ server }) => server },
    { name: words.backend, of: ({ backend }) => backend },
    {
      name: words.name,
      of: ({ identity, previousIdentity }) =>
        previousIdentity === null || previousIdentity === identity
          ? identity
          : `${previousIdentity} → ${identity}`,
    },
    { name: words.waitsFor, of: ({ waitsFor, obstacle }) => obstacle ?? waitsFor ?? '' },
  ]
}

/** How what would be placed differs from what was placed. */
export function PlanDiffs() {
  const plan = Number(useParams({ from: '/changes/plans/$plan/diffs' }).plan)
  const { cursor } = useSearch({ from: '/changes/plans/$plan/diffs' })
  const navigate = useNavigate({ from: '/changes/plans/$plan/diffs' })
  return (
    <Pieces
      of={useQuery(asked('GET /plans/{plan}/diffs', { plan, limit: 20, ...numbered(cursor) }))}
      none={own.noDiffs}
      cursor={cursor}
      onTurn={(next) => void navigate({ search: { cursor: next } })}
      piece={({ number, object, server, backend, differences }) => (
        <section key={number} className={css.piece}>
          <h2>
            {object} · {backend} · {server}
          </h2>
          {differences.map(({ title, diff }) => (
            <div key={title} className={css.piece}>
              <code>{title}</code>
              {diff === null ? <p>{own.noText}</p> : <Diff text={diff} />}
            </div>
          ))}
        </section>
      )}
    />
  )
}

/** The scripts of a plan as they would run. */
export function PlanScripts() {
  const plan = Number(useParams({ from: '/changes/plans/$plan/scripts' }).plan)
  const { cursor } = useSearch({ from: '/changes/plans/$plan/scripts' })
  const navigate = useNavigate({ from: '/changes/plans/$plan/scripts' })
  return (
    <Pieces
      of={useQuery(asked('GET /plans/{plan}/scripts', { plan, limit: 10, ...numbered(cursor) }))}
      none={own.noScripts}
      cursor={cursor}
      onTurn={(next) => void navigate({ search: { cursor: next } })}
      piece={({ number, server, backend, objects, script }) => (
        <section key={number} className={css.piece}>
          <h2>
            {server} · {backend} · {objects.join(', ')}
          </h2>
          <Diff text={script} isPlain />
        </section>
      )}
    />
  )
}

interface PiecesProps<Item> {
  of: Pick<UseQueryResult<Page & { items: Item[] }, Error>, 'data' | 'error' | 'refetch'>
  /** What is said where there are none. */
  none: string
  cursor: string | undefined
  onTurn: (cursor: string | undefined) => void
  piece: (item: Item) => ReactNode
}

/** What is too long for a row of a table, page by page. */
function Pieces<Item>({ of, none, cursor, onTurn, piece }: PiecesProps<Item>) {
  return (
    <View of={of}>
      {(page) =>
        page.items.length === 0 ? (
          <Empty text={none} />
        ) : (
          <>
            {page.items.map(piece)}
            <TableFoot page={page} cursor={cursor} onTurn={onTurn} />
          </>
        )
      }
    </View>
  )
}
