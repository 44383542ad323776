import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import type { AnswerOf } from 'orchestrajs/client'
import { useAct } from '../../api/act.ts'
import { asked } from '../../api/queries.ts'
import { ActButton } from '../../parts/button.tsx'
import { CopyMenu } from '../../parts/copy-menu.tsx'
import { Facts } from '../../parts/facts.tsx'
import { Said } from '../../parts/said.tsx'
import { Screen, Section } from '../../parts/screen.tsx'
import { type State, StateMark } from '../../parts/state-mark.tsx'
import { Table } from '../../parts/table.tsx'
import { ServerLink, UnitLink } from '../../parts/things.tsx'
import { Time } from '../../parts/time.tsx'
import { Problem, View } from '../../parts/view.tsx'
import { useWords } from '../../words/index.ts'
import { Progress } from './progress.tsx'
import { syncMarks } from './syncs.tsx'

type Sync = AnswerOf<'GET /syncs/{id}'>

const inspectionMarks: Readonly<Record<Sync['inspections'][number]['state'], State>> = {
  waiting: 'waiting',
  running: 'running',
  done: 'ok',
  failed: 'failing',
  cancelled: 'none',
}

/** Where one synchronization or check stands, server by server. */
export function OneSync() {
  const words = useWords()
  const { sync: id } = useParams({ from: '/changes/syncs/$sync' })
  const sync = useQuery({
    ...asked('GET /syncs/{id}', { id }),
    // How far it is no event tells.
    refetchInterval: ({ state: { data } }) => (data?.endedAt === null ? 1_000 : false),
  })
  return (
    <Screen
      title={`${words.sync.one} ${id}`}
      actions={
        <>
          {sync.data?.endedAt === null ? <CancelButton sync={sync.data} /> : null}
          <CopyMenu command="orchestra sync list" path={`/syncs/${id}`} data={sync.data} />
        </>
      }
    >
      <View of={sync}>
        {(data) => (
          <>
            <SyncFacts sync={data} />
            {data.error === null ? null : <Problem error={new Error(data.error)} />}
            {data.state === 'comparing' ? (
              <Progress label={words.sync.states.comparing} done={data.counts.seen} all={data.counts.total} />
            ) : null}
            <Inspections inspections={data.inspections} />
            <Outcome sync={data} />
          </>
        )}
      </View>
    </Screen>
  )
}

function CancelButton({ sync: { id, server } }: { sync: Sync }) {
  const words = useWords()
  const cancel = useAct('POST /syncs/{id}/cancel')
  return (
    <>
      <ActButton
        needs="cancel"
        server={server ?? undefined}
        onPress={() => cancel.isPending || cancel.mutate({ id })}
      >
        {words.sync.end}
      </ActButton>
      <Said error={cancel.error} />
    </>
  )
}

function SyncFacts({ sync }: { sync: Sync }) {
  const words = useWords()
  const { mode, state, server, backend, object, actor, source, createdAt, endedAt, counts, work, unitId } =
    sync
  const named = Object.entries(words.sync.counts).map(([name, text]): [string, number | null] => [
    text,
    counts[name as keyof typeof words.sync.counts] || null,
  ])
  return (
    <Facts
      of={[
        [words.stateIs, <StateMark key="state" state={syncMarks[state]} text={words.sync.states[state]} />],
        [words.kind, words.sync.modes[mode]],
        [words.server, server === null ? words.everywhere : <ServerLink key="server" server={server} />],
        [words.backend, backend],
        [words.object, object],
        [words.who, actor ?? source],
        [words.when, <Time key="when" at={createdAt} />],
        [words.sync.ended, endedAt === null ? null : <Time key="ended" at={endedAt} />],
        ...named,
        [words.sync.work.waiting, work.waiting || null],
        [words.sync.work.running, work.running || null],
        [words.sync.work.failing, work.failing || null],
        [words.sync.work.done, work.done || null],
        [words.unit.one, mode === 'sync' ? <UnitLink key="unit" unit={unitId} /> : null],
      ]}
    />
  )
}

function Inspections({ inspections }: Pick<Sync, 'inspections'>) {
  const words = useWords()
  if (inspections.length === 0) return null
  return (
    <Section title={words.sync.looks}>
      <Table
        caption={words.sync.looks}
        items={inspections}
        keyOf={({ server, backend }) => `${server} ${backend}`}
        columns={[
          { name: words.server, of: ({ server }) => <ServerLink server={server} /> },
          { name: words.backend, of: ({ backend }) => backend },
          {
            name: words.stateIs,
            of: ({ state }) => (
              <StateMark state={inspectionMarks[state]} text={words.sync.inspections[state]} />
            ),
          },
          {
            name: words.sync.looked,
            of: ({ seen, total, server }) => <Progress label={server} done={seen} all={total} />,
          },
          {
            name: words.result,
            of: ({ counts }) =>
              Object.entries(counts)
                .filter(([, count]) => count > 0)
                .map(
                  ([name, count]) =>
                    `${words.sync.found[name as keyof typeof words.sync.found] ?? name} ${count}`,
                )
                .join(', '),
          },
          { name: words.log.error, of: ({ error }) => error ?? '' },
        ]}
      />
    </Section>
  )
}

/** What a check found is told where all of that is. */
function Outcome({ sync: { mode, findings, server } }: { sync: Sync }) {
  const words = useWords()
  if (mode !== 'check' || findings === undefined) return null
  if (findings.length === 0) return <p role="status">{words.noDrift}</p>
  return (
    <p role="status">
      <Link to="/changes/drift/findings" search={server === null ? {} : { q: `server:${server}` }}>
        {words.sync.differ(findings.length)}
      </Link>
    </p>
  )
}
