import { useQuery } from '@tanstack/react-query'
import { Link, Outlet, useParams } from '@tanstack/react-router'
import type { AnswerOf } from 'orchestrajs/client'
import { asked } from '../../api/queries.ts'
import { CopyMenu } from '../../parts/copy-menu.tsx'
import { Facts } from '../../parts/facts.tsx'
import { Screen } from '../../parts/screen.tsx'
import { StateMark } from '../../parts/state-mark.tsx'
import { ofTab, Tabs } from '../../parts/tabs.tsx'
import { Time } from '../../parts/time.tsx'
import { View } from '../../parts/view.tsx'
import { useWords } from '../../words/index.ts'
import { LogActs } from './log-acts.tsx'
import { stateOfLog } from './log-state.ts'
import { Took } from './took.tsx'

type Log = AnswerOf<'GET /logs/{log}'>

/** One run of one script: how it went; below that what it printed, what it did, and what it was. */
export function OneLog() {
  const words = useWords()
  const { log: id } = useParams({ from: '/logs/$log' })
  const log = useQuery(asked('GET /logs/{log}', { log: id }))
  const title = `${words.log.one} ${id}`
  return (
    <Screen
      title={title}
      actions={
        <>
          {log.data === undefined ? null : <LogActs key={id} log={log.data} />}
          <CopyMenu command={`orchestra log show ${id}`} path={`/logs/${id}`} data={log.data} />
        </>
      }
    >
      <View of={log}>
        {(data) => (
          <>
            <LogFacts log={data} />
            <Tabs name={title}>
              <Link to="/logs/$log" params={{ log: id }} {...ofTab}>
                {words.log.output}
              </Link>
              <Link to="/logs/$log/operations" params={{ log: id }} {...ofTab}>
                {words.operations}
              </Link>
              <Link to="/logs/$log/script" params={{ log: id }} {...ofTab}>
                {words.log.script}
              </Link>
            </Tabs>
            <Outlet />
          </>
        )}
      </View>
    </Screen>
  )
}

function LogFacts({ log }: { log: Log }) {
  const words = useWords()
  const { server, backend, state, exitCode, attempt, error, firstError, failed, createdAt } = log
  return (
    <Facts
      of={[
        [words.stateIs, <StateMark key="state" state={stateOfLog[state]} text={words.log.states[state]} />],
        [
          words.server,
          <Link key="server" to="/servers/$server" params={{ server }}>
            {server}
          </Link>,
        ],
        [words.backend, backend],
        [words.when, <Time key="when" at={createdAt} />],
        [words.log.took, log.startedAt === null ? null : <Took key="took" {...log} />],
        [words.log.exitCode, exitCode === null || exitCode === 0 ? null : exitCode],
        [words.log.attempt, attempt > 1 ? attempt : null],
        [words.log.failedOf, failed === 0 ? null : `${failed}/${log.operations.length}`],
        [words.log.error, error ?? firstError],
      ]}
    />
  )
}
