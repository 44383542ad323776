import { useWords, type Words } from '../words/index.ts'
import css from './state-mark.module.css'

/** How something stands: the worst first, so that of several the first counts. */
export const states = [
  'blocked',
  'failing',
  'held',
  'running',
  'drifted',
  'waiting',
  'stale',
  'ok',
  'none',
] as const satisfies readonly (keyof Words['state'])[]

export type State = (typeof states)[number]

const looks: Readonly<Record<State, readonly [glyph: string, tone: 'good' | 'bad' | 'wait' | 'quiet']>> = {
  blocked: ['⊘', 'bad'],
  failing: ['✖', 'bad'],
  held: ['⏸', 'wait'],
  running: ['▶', 'good'],
  drifted: ['≠', 'wait'],
  waiting: ['◷', 'wait'],
  stale: ['↻', 'wait'],
  ok: ['✓', 'good'],
  none: ['–', 'quiet'],
}

/** A state by glyph and word; `count` stands for the word where many stand side by side, which is said all the same. */
export function StateMark({ state, count }: { state: State; count?: number }) {
  const words = useWords()
  const [glyph, tone] = looks[state]
  return (
    <span className={css.mark} data-tone={tone} title={words.state[state]}>
      <span className={css.glyph} aria-hidden="true">
        {glyph}
      </span>
      {count === undefined ? (
        words.state[state]
      ) : (
        <>
          <span className="unseen">{words.state[state]} </span>
          {state === 'none' ? '' : count}
        </>
      )}
    </span>
  )
}
