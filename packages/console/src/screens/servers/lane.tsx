import { useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import type { AnswerOf } from 'orchestrajs/client'
import { asked } from '../../api/queries.ts'
import { type State, StateMark } from '../../parts/state-mark.tsx'
import { type Column, Table } from '../../parts/table.tsx'
import { Age } from '../../parts/time.tsx'
import { Empty, View } from '../../parts/view.tsx'
import { useWords, type Words } from '../../words/index.ts'

type Operation = AnswerOf<'GET /servers/{server}/lane'>['waiting'][number]

/** What runs on a server, then what waits there in the order of its turns, and for what. */
export function Lane() {
  const words = useWords()
  const { server } = useParams({ from: '/servers/$server/' })
  const lane = useQuery(asked('GET /servers/{server}/lane', { server, limit: 100 }))
  return (
    <View of={lane}>
      {({ running, waiting }) =>
        running.length + waiting.length === 0 ? (
          <Empty text={words.laneEmpty} />
        ) : (
          <Table
            caption={words.lane}
            items={[...running, ...waiting]}
            keyOf={({ id }) => id}
            columns={columns(words)}
          />
        )
      }
    </View>
  )
}

function columns(words: Words): Column<Operation>[] {
  return [
    { name: words.object, of: ({ object }) => object },
    { name: words.action, of: ({ action }) => action },
    { name: words.backend, of: ({ backend }) => backend ?? '' },
    { name: words.stateIs, of: (operation) => <StateMark state={stateOf(operation)} /> },
    { name: words.waitsFor, of: ({ waitsFor, error }) => waitsFor?.text ?? error ?? '' },
    { name: words.since, of: ({ createdAt, startedAt }) => <Age at={startedAt ?? createdAt} /> },
  ]
}

/** What failed and is tried again is not told as what merely waits. */
function stateOf({ state, outcome, waitsFor }: Operation): State {
  if (state === 'running') return 'running'
  if (waitsFor?.kind === 'server-held' || waitsFor?.kind === 'route-disabled') return 'held'
  return outcome === null ? 'waiting' : 'failing'
}
