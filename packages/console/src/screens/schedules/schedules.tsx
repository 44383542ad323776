import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import type { AnswerOf } from 'orchestrajs/client'
import { asked, untold } from '../../api/queries.ts'
import { ActForm } from '../../parts/act-form.tsx'
import { CopyMenu } from '../../parts/copy-menu.tsx'
import { List } from '../../parts/list.tsx'
import { Screen } from '../../parts/screen.tsx'
import { type State, StateMark } from '../../parts/state-mark.tsx'
import type { Column } from '../../parts/table.tsx'
import { ServerLink } from '../../parts/things.tsx'
import { Time } from '../../parts/time.tsx'
import { Empty } from '../../parts/view.tsx'
import { useWords, type Words } from '../../words/index.ts'
import { own } from './words.ts'

type Schedule = AnswerOf<'GET /schedules'>['items'][number]

/** What is done by the clock, and what became of the last time. */
export function Schedules() {
  const words = useWords()
  const { cursor } = useSearch({ from: '/schedules' })
  const navigate = useNavigate({ from: '/schedules' })
  const schedules = useQuery({ ...asked('GET /schedules'), ...untold })
  return (
    <Screen
      title={own.title}
      actions={<CopyMenu command="orchestra schedule list" path="/schedules" data={schedules.data?.items} />}
    >
      <List
        caption={own.title}
        of={schedules}
        columns={columns(words)}
        keyOf={({ name }) => name}
        search={{ cursor }}
        onSearch={(next) => void navigate({ search: { cursor: next.cursor } })}
        empty={<Empty text={own.none} />}
        hasFilter={false}
      />
    </Screen>
  )
}

function columns(words: Words): Column<Schedule>[] {
  return [
    { name: words.name, of: ({ name }) => name },
    { name: own.when, of: ({ cron }) => <code>{cron}</code> },
    { name: own.does, of: ({ does }) => own.kind[does] },
    { name: own.about, of: (schedule) => <About schedule={schedule} /> },
    { name: own.last, of: ({ last }) => <Last last={last} /> },
    { name: words.action, of: (schedule) => <Run schedule={schedule} /> },
  ]
}

function About({ schedule: { server, backend } }: { schedule: Schedule }) {
  if (server === null) return backend ?? own.everything
  return (
    <>
      <ServerLink server={server} /> {backend}
    </>
  )
}

const looks = {
  comparing: 'running',
  inspecting: 'running',
  done: 'ok',
  stopped: 'blocked',
  failed: 'failing',
  cancelled: 'none',
} as const satisfies Record<NonNullable<Schedule['last']>['state'], State>

function Last({ last }: { last: Schedule['last'] }) {
  if (last === null) return own.never
  return (
    <>
      <StateMark state={looks[last.state]} text={own.states[last.state]} /> <Time at={last.at} /> {last.error}
    </>
  )
}

function Run({ schedule: { name, does } }: { schedule: Schedule }) {
  return (
    <ActForm
      act="POST /schedules/{schedule}/run"
      needs={does}
      label={own.run}
      title={own.runTitle(name)}
      help={does === 'check' ? own.runCheck : own.runSync}
      input={() => ({ schedule: name })}
    />
  )
}
