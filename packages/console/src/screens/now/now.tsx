import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import type { AnswerOf } from 'orchestrajs/client'
import { asked } from '../../api/queries.ts'
import { CopyMenu } from '../../parts/copy-menu.tsx'
import { FilterField } from '../../parts/filter-field.tsx'
import { Screen, Section } from '../../parts/screen.tsx'
import { StateMark } from '../../parts/state-mark.tsx'
import { type Column, Table } from '../../parts/table.tsx'
import { LogLink, ServerLink, UnitLink } from '../../parts/things.tsx'
import { Age, Time } from '../../parts/time.tsx'
import { Empty, View } from '../../parts/view.tsx'
import { useWords, type Words } from '../../words/index.ts'
import { matrixOf } from './cells.ts'
import { MatrixView } from './matrix.tsx'
import { NeedsYou } from './needs-you.tsx'
import { PauseButton } from './pause.tsx'
import { Tour } from './tour.tsx'

type Unit = AnswerOf<'GET /units'>['items'][number]
type ServerStatus = AnswerOf<'GET /status'>['servers'][number]

/** What needs a person? Then: how does everything stand, what runs, what was asked for last. */
export function Now() {
  const words = useWords()
  const status = useQuery(asked('GET /status', { most: 20 }))
  return (
    <Screen
      title={words.now}
      actions={
        <>
          {status.data === undefined || status.data.paused !== null ? null : <PauseButton />}
          <CopyMenu command="orchestra status" path="/status" data={status.data} />
        </>
      }
    >
      <Tour />
      <View of={status}>
        {(data) => (
          <>
            <Section title={words.needsYou}>
              <NeedsYou status={data} />
            </Section>
            <Section title={words.matrix}>
              <Everything servers={data.servers} />
            </Section>
            <Section title={words.running}>
              <Running servers={data.servers} />
            </Section>
            <Section title={words.lastUnits}>
              <LastUnits />
            </Section>
          </>
        )}
      </View>
    </Screen>
  )
}

function Everything({ servers }: { servers: readonly ServerStatus[] }) {
  const { q } = useSearch({ from: '/' })
  const navigate = useNavigate({ from: '/' })
  const { error } = useQuery(matrixOf(q))
  return (
    <>
      {servers.length < 2 && q === undefined ? null : (
        <FilterField
          query={q ?? ''}
          page="servers"
          error={error}
          onQuery={(query) => void navigate({ search: { q: query || undefined } })}
        />
      )}
      <MatrixView q={q} servers={servers} />
    </>
  )
}

function Running({ servers }: { servers: readonly ServerStatus[] }) {
  const words = useWords()
  const running = servers.flatMap(({ name, runningLog }) =>
    runningLog === null ? [] : [{ name, ...runningLog }],
  )
  if (running.length === 0) return <Empty text={words.runsNothing} />
  return (
    <Table
      caption={words.running}
      items={running}
      keyOf={({ id }) => id}
      columns={[
        {
          name: words.server,
          of: ({ name }) => <ServerLink server={name} />,
        },
        { name: words.backend, of: ({ backend }) => backend },
        { name: words.log.one, of: ({ id }) => <LogLink log={id} /> },
        { name: words.since, of: ({ since }) => <Age at={since} /> },
      ]}
    />
  )
}

function LastUnits() {
  const words = useWords()
  const units = useQuery(asked('GET /units', { limit: 8 }))
  return (
    <View of={units}>
      {({ items }) =>
        items.length === 0 ? (
          <Empty text={words.noUnits} />
        ) : (
          <Table
            caption={words.lastUnits}
            items={items}
            keyOf={({ id }) => id}
            columns={unitColumns(words)}
          />
        )
      }
    </View>
  )
}

function unitColumns(words: Words): Column<Unit>[] {
  return [
    { name: words.unit.one, of: ({ id }) => <UnitLink unit={id} /> },
    { name: words.when, of: ({ createdAt }) => <Time at={createdAt} /> },
    { name: words.who, of: ({ actor, source, logins }) => actor ?? source ?? logins.join(', ') },
    { name: words.operations, of: ({ operations }) => operations },
    {
      name: words.result,
      of: ({ open, failed }) =>
        failed > 0 ? (
          <>
            <StateMark state="failing" count={failed} /> {words.failed}
          </>
        ) : open > 0 ? (
          <>
            <StateMark state="waiting" count={open} /> {words.open}
          </>
        ) : (
          <StateMark state="ok" />
        ),
    },
  ]
}
