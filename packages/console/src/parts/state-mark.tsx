import {
  Ban,
  Check,
  CircleX,
  Clock,
  type LucideIcon,
  Minus,
  Pause,
  Pencil,
  Play,
  RefreshCw,
} from 'lucide-react'
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

const looks: Readonly<Record<State, readonly [glyph: LucideIcon, tone: 'good' | 'bad' | 'wait' | 'quiet']>> =
  {
    blocked: [Ban, 'bad'],
    failing: [CircleX, 'bad'],
    held: [Pause, 'wait'],
    running: [Play, 'good'],
    drifted: [Pencil, 'wait'],
    waiting: [Clock, 'wait'],
    stale: [RefreshCw, 'wait'],
    ok: [Check, 'good'],
    none: [Minus, 'quiet'],
  }

interface StateMarkProps {
  state: State
  /** Stands for the word where many stand side by side; the word is said all the same. */
  count?: number
  /** Where things that stand like this are called something else. */
  text?: string
}

/** A state by glyph and word. */
export function StateMark({ state, count, text }: StateMarkProps) {
  const words = useWords()
  const [Glyph, tone] = looks[state]
  return (
    <span className={css.mark} data-tone={tone} title={text ?? words.state[state]}>
      <Glyph className={css.glyph} size={14} aria-hidden="true" />{' '}
      {count === undefined ? (
        (text ?? words.state[state])
      ) : (
        <>
          <span className="unseen">{words.state[state]} </span>
          {state === 'none' ? '' : count}
        </>
      )}
    </span>
  )
}
