import { useNavigate, useSearch } from '@tanstack/react-router'
import type { AnswerOf } from 'orchestrajs/client'
import { type ReactNode, useState } from 'react'
import { Button } from '../../parts/button.tsx'
import { OperationMark, reasonOf, stateOfOperation } from '../../parts/operation.tsx'
import { Section } from '../../parts/screen.tsx'
import { StateMark } from '../../parts/state-mark.tsx'
import { type Column, Table } from '../../parts/table.tsx'
import { LogLink, ObjectLink, ServerLink, UnitLink } from '../../parts/things.tsx'
import { useNow } from '../../parts/time.tsx'
import { Empty } from '../../parts/view.tsx'
import { useWords, type Words } from '../../words/index.ts'
import { plainLine } from '../logs/text.ts'
import { spansOf, type UnitOperation } from './spans.ts'
import { Legend, Timeline } from './timeline.tsx'
import css from './unit.module.css'

type Unit = AnswerOf<'GET /units/{unit}'>

/** Rows that are shown at once. */
const AT_ONCE = 200
/** Failures of which the end of the output is shown. */
const MOST_TAILS = 20

/** Each object on each server: how its time went, and how it ended. */
export function UnitOperations({ unit }: { unit: Unit }) {
  const words = useWords()
  const { show } = useSearch({ from: '/units/$unit' })
  const navigate = useNavigate({ from: '/units/$unit' })
  const [most, showMore] = useState(AT_ONCE)
  const now = useNow().getTime()
  const states = Map.groupBy(unit.operations, stateOfOperation)
  const shown = unit.operations.filter((one) => show === undefined || stateOfOperation(one) === show)
  const from = Date.parse(unit.createdAt)
  const to = Math.max(
    from + 1,
    ...unit.operations.flatMap((one) => spansOf(one, unit.createdAt, now).map((span) => span.to)),
  )
  if (unit.operations.length === 0)
    return <Empty text={unit.state === 'collecting' ? words.unit.collecting : words.unit.nothing} />
  return (
    <>
      <fieldset className={css.counts} aria-label={words.filter}>
        {[...states].map(([state, { length }]) => (
          <Button
            key={state}
            isOn={show === state}
            onPress={() => void navigate({ search: show === state ? {} : { show: state } })}
          >
            <StateMark state={state} /> {length}
          </Button>
        ))}
      </fieldset>
      <div>
        <Legend length={to - from} />
        <Table
          caption={words.operations}
          items={shown.slice(0, most)}
          keyOf={({ id }) => id}
          columns={columns(words, (one) => (
            <Timeline spans={spansOf(one, unit.createdAt, now)} from={from} to={to} />
          ))}
        />
        {shown.length > most ? (
          <Button onPress={() => showMore(most + AT_ONCE)}>{words.unit.more(shown.length - most)}</Button>
        ) : null}
      </div>
      <Failures operations={shown} />
    </>
  )
}

function columns(words: Words, timeline: (operation: UnitOperation) => ReactNode): Column<UnitOperation>[] {
  return [
    { name: words.object, of: ({ object }) => <ObjectLink object={object} /> },
    {
      name: words.server,
      of: ({ server }) => (server === null ? words.unit.undecided : <ServerLink server={server} />),
    },
    { name: words.backend, of: ({ backend }) => backend ?? '' },
    { name: words.action, of: ({ action }) => action },
    { name: words.unit.time, of: timeline },
    { name: words.stateIs, of: (operation) => <OperationMark operation={operation} /> },
    {
      name: words.log.change,
      of: ({ changed }) => (changed === null ? '' : changed ? words.log.changed : words.log.unchanged),
    },
    { name: words.log.one, of: ({ logId }) => (logId === null ? '' : <LogLink log={logId} />) },
    {
      name: words.waitsFor,
      of: (operation) =>
        operation.carriedBy === null ? (
          reasonOf(operation)
        ) : (
          <>
            {words.unit.carriedBy} <UnitLink unit={operation.carriedBy} />
          </>
        ),
    },
  ]
}

/** The ends of what failed: why, without going anywhere. */
function Failures({ operations }: { operations: readonly UnitOperation[] }) {
  const words = useWords()
  const failed = operations
    .filter(({ outputTail }) => outputTail !== null && outputTail !== '')
    .slice(0, MOST_TAILS)
  if (failed.length === 0) return null
  return (
    <Section title={words.unit.failures}>
      <div className={css.failures}>
        {failed.map(({ id, object, server, logId, outputTail }) => (
          <div key={id}>
            <p>
              <ObjectLink object={object} /> {server} {logId === null ? null : <LogLink log={logId} />}
            </p>
            {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what can be scrolled has to be reached by keys */}
            <pre className={css.tail} tabIndex={0}>
              {(outputTail ?? '').split('\n').map(plainLine).join('\n')}
            </pre>
          </div>
        ))}
      </div>
    </Section>
  )
}
