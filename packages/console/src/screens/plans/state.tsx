import type { AnswerOf } from 'orchestrajs/client'
import { type State, StateMark } from '../../parts/state-mark.tsx'
import css from './plans.module.css'
import { own } from './words.ts'

type Plan = Pick<AnswerOf<'GET /plans'>['items'][number], 'state' | 'approval'>

const looks = {
  open: 'waiting',
  applied: 'ok',
  rejected: 'blocked',
  stale: 'stale',
  discarded: 'none',
} as const satisfies Record<Plan['state'], State>

export function PlanState({ plan: { state, approval } }: { plan: Plan }) {
  return (
    <>
      <StateMark state={looks[state]} text={own.states[state]} />
      {state === 'open' && approval.given !== null ? ` · ${own.approvedBy(approval.given.by)}` : null}
    </>
  )
}

const signs: readonly (readonly [kind: keyof typeof own.kinds, sign: string])[] = [
  ['create', '+'],
  ['update', '~'],
  ['replace', '±'],
  ['rename', '→'],
  ['move', '⇄'],
  ['delete', '−'],
  ['action', '▸'],
]

/** How much of what: by a sign, and by its word for who does not know it. */
export function Counts({ counts }: { counts: Readonly<Record<string, number>> }) {
  return (
    <span className={css.counts}>
      {signs.map(([kind, sign]) =>
        counts[kind] === undefined || counts[kind] === 0 ? null : (
          <span key={kind} data-kind={kind} title={own.kinds[kind]}>
            {sign}
            {counts[kind]} <small>{own.kinds[kind]}</small>
          </span>
        ),
      )}
    </span>
  )
}
