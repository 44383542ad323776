import { useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import type { AnswerOf } from 'orchestrajs/client'
import { may, useMe } from '../../api/me.ts'
import { asked } from '../../api/queries.ts'
import { OperationMark, operationColumns, reasonOf } from '../../parts/operation.tsx'
import { Section } from '../../parts/screen.tsx'
import { StateMark } from '../../parts/state-mark.tsx'
import { type Column, Table } from '../../parts/table.tsx'
import { LogLink, ServerLink } from '../../parts/things.tsx'
import { Time } from '../../parts/time.tsx'
import { Empty, View } from '../../parts/view.tsx'
import { useWords, type Words } from '../../words/index.ts'
import css from './object.module.css'
import { placementStates } from './placement-states.ts'
import { Why } from './why.tsx'

type Explained = AnswerOf<'GET /objects/{object}/explain'>
type Place = Explained['places'][number]

/** Where an object stands, and why there. Who may not read its fields is told where alone. */
export function PlacesTab() {
  const me = useMe()
  if (me === undefined) return null
  return may(me, 'object.data') ? <ExplainedPlaces /> : <BarePlaces />
}

function ExplainedPlaces() {
  const words = useWords()
  const { object } = useParams({ from: '/objects/$object/' })
  const explained = useQuery(asked('GET /objects/{object}/explain', { object }))
  return (
    <View of={explained}>
      {(data) => (
        <>
          <Notes explained={data} />
          {data.places.length === 0 ? (
            <Empty text={words.thing.nowhere} />
          ) : (
            <Table
              caption={words.thing.places}
              items={data.places}
              keyOf={({ backend, server }) => `${backend} ${server}`}
              columns={placeColumns(words)}
            />
          )}
          {data.undecided.length === 0 ? null : (
            <Section title={words.thing.undecided}>
              <Table
                caption={words.thing.undecided}
                items={data.undecided}
                keyOf={({ id }) => id}
                columns={operationColumns(words)}
              />
            </Section>
          )}
          <Section title={words.thing.why}>
            <Why routes={data.routes} />
          </Section>
        </>
      )}
    </View>
  )
}

/** What is true of the object as a whole, and rarely. */
function Notes({ explained: { state, uncollected, protections, transfers } }: { explained: Explained }) {
  const words = useWords()
  const notes = [
    ...(state.kind === 'present'
      ? []
      : [`${words.thing.row[state.kind]}${state.reason === null ? '' : `: ${state.reason}`}`]),
    ...(uncollected === 0 ? [] : [words.thing.uncollected(uncollected)]),
    ...protections.map(({ object, backend, by, reason }) =>
      words.thing.protectedBy(by, reason ?? '', object === null ? (backend ?? '') : ''),
    ),
    ...transfers.map(({ from, to, step, error }) => words.thing.moves(from, to, error ?? step)),
  ]
  if (notes.length === 0) return null
  return (
    <ul className={css.notes}>
      {notes.map((note) => (
        <li key={note}>{note}</li>
      ))}
    </ul>
  )
}

function placeColumns(words: Words): Column<Place>[] {
  return [
    { name: words.server, of: ({ server }) => <ServerLink server={server} /> },
    { name: words.backend, of: ({ backend }) => backend },
    { name: words.stateIs, of: (place) => <PlaceMark place={place} /> },
    {
      name: words.waitsFor,
      of: ({ pending, remnants }) =>
        [...pending.map(reasonOf), ...remnants.map(words.thing.remnant)].join(' · '),
    },
    { name: words.thing.goesBy, of: ({ placement }) => placement?.identity ?? '' },
    {
      name: words.thing.revision,
      of: ({ placement }) =>
        placement?.revision == null ? (
          ''
        ) : (
          <code title={placement.revision}>{placement.revision.slice(0, 8)}</code>
        ),
    },
    {
      name: words.thing.appliedAt,
      of: ({ placement }) => (placement?.appliedAt == null ? '' : <Time at={placement.appliedAt} />),
    },
    {
      name: words.log.one,
      of: ({ placement, pending }) => {
        const log = pending.at(-1)?.logId ?? placement?.logId ?? null
        return log === null ? '' : <LogLink log={log} />
      },
    },
  ]
}

function PlaceMark({ place: { placement, pending } }: { place: Place }) {
  const open = pending.at(-1)
  if (open !== undefined) return <OperationMark operation={open} />
  if (placement === null) return <StateMark state="none" />
  return <StateMark state={placement.stale ? 'stale' : placementStates[placement.state]} />
}

function BarePlaces() {
  const words = useWords()
  const { object } = useParams({ from: '/objects/$object/' })
  const placed = useQuery(asked('GET /objects/{object}/placements', { object, limit: 200 }))
  return (
    <View of={placed}>
      {({ items }) => (
        <>
          <p className={css.quiet}>
            {words.mayNot('object.data')}: {words.thing.why.toLowerCase()}
          </p>
          {items.length === 0 ? (
            <Empty text={words.thing.nowhere} />
          ) : (
            <Table
              caption={words.thing.places}
              items={items.map((placement) => ({ ...placement, placement, pending: [], remnants: [] }))}
              keyOf={({ backend, server }) => `${backend} ${server}`}
              columns={placeColumns(words)}
            />
          )}
        </>
      )}
    </View>
  )
}
