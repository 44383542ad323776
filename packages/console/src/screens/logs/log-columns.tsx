import type { AnswerOf } from 'orchestrajs/client'
import { StateMark } from '../../parts/state-mark.tsx'
import type { Column } from '../../parts/table.tsx'
import { LogLink, ServerLink } from '../../parts/things.tsx'
import { Time } from '../../parts/time.tsx'
import type { Words } from '../../words/index.ts'
import { stateOfLog } from './log-state.ts'
import { Took } from './took.tsx'

type LogSummary = AnswerOf<'GET /logs'>['items'][number]

/** Logs as a list shows them. */
export function logColumns(words: Words): Column<LogSummary>[] {
  return [
    {
      name: words.log.one,
      of: ({ id }) => <LogLink log={id} />,
    },
    {
      name: words.stateIs,
      of: ({ state }) => <StateMark state={stateOfLog[state]} text={words.log.states[state]} />,
    },
    {
      name: words.server,
      of: ({ server }) => <ServerLink server={server} />,
    },
    { name: words.backend, of: ({ backend }) => backend },
    { name: words.when, of: ({ createdAt }) => <Time at={createdAt} /> },
    { name: words.log.took, of: (log) => <Took {...log} /> },
    { name: words.log.error, of: ({ error, firstError }) => error ?? firstError ?? '' },
  ]
}
