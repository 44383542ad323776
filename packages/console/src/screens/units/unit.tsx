import { useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import type { AnswerOf } from 'orchestrajs/client'
import { asked } from '../../api/queries.ts'
import { CopyMenu } from '../../parts/copy-menu.tsx'
import { Facts } from '../../parts/facts.tsx'
import { Screen } from '../../parts/screen.tsx'
import { type State, StateMark } from '../../parts/state-mark.tsx'
import { Time } from '../../parts/time.tsx'
import { Problem, View } from '../../parts/view.tsx'
import { useWords } from '../../words/index.ts'
import { UnitActs } from './unit-acts.tsx'
import { UnitOperations } from './unit-operations.tsx'

type Unit = AnswerOf<'GET /units/{unit}'>

const marks: Readonly<Record<Unit['state'], State>> = {
  collecting: 'waiting',
  pending: 'running',
  failing: 'failing',
  settled: 'ok',
  untouched: 'none',
}

/** What one request did, from whoever asked for it to each server, and how it ended there. */
export function OneUnit() {
  const words = useWords()
  const { unit: id } = useParams({ from: '/units/$unit' })
  const unit = useQuery(asked('GET /units/{unit}', { unit: id }))
  return (
    <Screen
      title={`${words.unit.one} ${id.slice(0, 8)}`}
      actions={
        <>
          {unit.data === undefined ? null : <UnitActs key={id} unit={unit.data} />}
          <CopyMenu
            command={`orchestra unit show ${id.slice(0, 8)}`}
            path={`/units/${encodeURIComponent(id)}`}
            data={unit.data}
          />
        </>
      }
    >
      <View of={unit}>
        {(data) => (
          <>
            <UnitFacts unit={data} />
            {data.error === null ? null : <Problem error={new Error(data.error)} />}
            <UnitOperations unit={data} />
          </>
        )}
      </View>
    </Screen>
  )
}

function UnitFacts({ unit: { id, state, actor, source, logins, createdAt, operations } }: { unit: Unit }) {
  const words = useWords()
  const done = operations.filter((one) => one.state === 'done' || one.state === 'superseded').length
  const isFailing =
    state === 'settled' &&
    operations.some(({ outcome }) => outcome !== null && outcome !== 'success' && outcome !== 'nothing')
  return (
    <Facts
      of={[
        [
          words.stateIs,
          <StateMark
            key="state"
            state={isFailing ? 'failing' : marks[state]}
            text={words.unit.states[state]}
          />,
        ],
        [words.who, actor ?? logins.join(', ')],
        [words.unit.source, source],
        [words.when, <Time key="when" at={createdAt} />],
        [words.unit.done, `${done}/${operations.length}`],
        [words.unit.number, <code key="id">{id}</code>],
      ]}
    />
  )
}
