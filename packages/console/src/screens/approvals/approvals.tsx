import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import type { AnswerOf } from 'orchestrajs/client'
import { asked, untold } from '../../api/queries.ts'
import { CopyMenu } from '../../parts/copy-menu.tsx'
import { numbered } from '../../parts/cursor.ts'
import { List } from '../../parts/list.tsx'
import { Screen, Section } from '../../parts/screen.tsx'
import { StateMark } from '../../parts/state-mark.tsx'
import { type Column, Table } from '../../parts/table.tsx'
import { Age, Time } from '../../parts/time.tsx'
import { Empty, View } from '../../parts/view.tsx'
import { useWords, type Words } from '../../words/index.ts'
import { own } from './words.ts'

type Waiting = AnswerOf<'GET /approvals'>['items'][number]
type Given = AnswerOf<'GET /approvals/given'>['items'][number]

/** What waits for somebody's yes, and what was said before. */
export function Approvals() {
  const words = useWords()
  const { cursor } = useSearch({ from: '/approvals' })
  const navigate = useNavigate({ from: '/approvals' })
  const waiting = useQuery({ ...asked('GET /approvals', { limit: 200 }), ...untold })
  const said = useQuery({ ...asked('GET /approvals/given', { limit: 20, ...numbered(cursor) }), ...untold })
  return (
    <Screen
      title={own.title}
      actions={<CopyMenu command="orchestra approvals" path="/approvals" data={waiting.data?.items} />}
    >
      <Section title={own.waiting}>
        <View of={waiting}>
          {({ items }) =>
            items.length === 0 ? (
              <Empty text={own.none} />
            ) : (
              <Table
                caption={own.waiting}
                items={items}
                keyOf={({ kind, plan, server }) => `${kind} ${plan} ${server}`}
                columns={waitingColumns(words)}
              />
            )
          }
        </View>
      </Section>
      <Section title={own.given}>
        <List
          caption={own.given}
          of={said}
          columns={givenColumns(words)}
          keyOf={({ id }) => id}
          search={{ cursor }}
          onSearch={(next) => void navigate({ search: { cursor: next.cursor } })}
          empty={<Empty text={own.noneGiven} />}
          hasFilter={false}
        />
      </Section>
    </Screen>
  )
}

function waitingColumns(words: Words): Column<Waiting>[] {
  return [
    { name: own.what, of: (one) => <WhatWaits one={one} /> },
    { name: own.why, of: ({ reasons }) => reasons.join('; ') },
    { name: words.who, of: ({ by }) => by ?? '' },
    { name: words.since, of: ({ since }) => (since === null ? '' : <Age at={since} />) },
  ]
}

function WhatWaits({ one: { kind, plan, server } }: { one: Waiting }) {
  if (kind === 'host-key' && server !== null)
    return (
      <Link to="/servers/$server" params={{ server }}>
        {own.key(server)}
      </Link>
    )
  return (
    <Link to="/changes/plans/$plan" params={{ plan: String(plan) }}>
      {own.plan(plan ?? 0)}
    </Link>
  )
}

function givenColumns(words: Words): Column<Given>[] {
  return [
    {
      name: own.what,
      of: ({ verdict }) => (
        <StateMark state={verdict === 'approved' ? 'ok' : 'blocked'} text={own.verdict[verdict]} />
      ),
    },
    { name: words.who, of: ({ by }) => by },
    { name: words.when, of: ({ at }) => <Time at={at} /> },
    { name: own.why, of: ({ reason }) => reason ?? '' },
    {
      name: own.until,
      of: ({ verdict, usedAt, expiresAt }) =>
        verdict === 'rejected' ? '' : usedAt === null ? <Time at={expiresAt} /> : own.used,
    },
    { name: 'SHA-256', of: ({ plan }) => <code title={plan}>{plan.slice(0, 12)}</code> },
  ]
}
