import type { AnswerOf } from 'orchestrajs/client'
import { useWords, type Words } from '../words/index.ts'
import { type State, StateMark } from './state-mark.tsx'
import type { Column } from './table.tsx'
import { LogLink, ServerLink, UnitLink } from './things.tsx'
import { Time } from './time.tsx'

export type Operation = AnswerOf<'GET /operations'>['items'][number]

/** How an operation stands. What failed and is tried again is not told as what merely waits. */
export function stateOfOperation({ state, outcome, waitsFor }: Operation): State {
  if (state === 'running') return 'running'
  if (state === 'superseded') return 'none'
  if (state === 'done')
    return outcome === null || outcome === 'success' || outcome === 'nothing' ? 'ok' : 'failing'
  if (waitsFor?.kind === 'server-blocked') return 'blocked'
  if (waitsFor?.kind === 'server-held' || waitsFor?.kind === 'route-disabled') return 'held'
  return outcome === null || outcome === 'success' || outcome === 'nothing' ? 'waiting' : 'failing'
}

export function OperationMark({ operation }: { operation: Operation }) {
  const words = useWords()
  const { state, outcome, attempt, nextTry } = operation
  if (state === 'superseded') return <StateMark state="none" text={words.unit.superseded} />
  const text = state === 'done' && outcome !== null ? words.log.outcomes[outcome] : undefined
  return (
    <>
      <StateMark state={stateOfOperation(operation)} {...(text === undefined ? {} : { text })} />
      {attempt > 1 ? ` ${words.thing.attempt(attempt)}` : null}
      {nextTry === null || state !== 'waiting' ? null : (
        <>
          , {words.next.toLowerCase()} <Time at={nextTry} />
        </>
      )}
    </>
  )
}

/** What it waits for, or why it failed. */
export function reasonOf({ waitsFor, error }: Operation): string {
  if (waitsFor === null || waitsFor.kind === 'running') return error ?? ''
  if (error === null) return waitsFor.text
  // Of what is only tried again, when that is stands with its state.
  return waitsFor.text.startsWith(error) ? error : `${error} · ${waitsFor.text}`
}

/** Operations of one object. */
export function operationColumns(words: Words): Column<Operation>[] {
  return [
    { name: words.action, of: ({ action }) => action },
    { name: words.stateIs, of: (operation) => <OperationMark operation={operation} /> },
    { name: words.server, of: ({ server }) => (server === null ? '' : <ServerLink server={server} />) },
    { name: words.backend, of: ({ backend }) => backend ?? '' },
    { name: words.when, of: ({ createdAt }) => <Time at={createdAt} /> },
    { name: words.unit.one, of: ({ unitId }) => <UnitLink unit={unitId} /> },
    { name: words.log.one, of: ({ logId }) => (logId === null ? '' : <LogLink log={logId} />) },
    { name: words.waitsFor, of: reasonOf },
  ]
}
