import { useWords } from '../../words/index.ts'
import { lengthOfTime } from '../../words/times.ts'
import type { Span } from './spans.ts'
import css from './unit.module.css'

/** How the time of an operation went, on one scale with all others of its unit; the same in words for who does not see it. */
export function Timeline({ spans, from, to }: { spans: readonly Span[]; from: number; to: number }) {
  const words = useWords()
  const whole = Math.max(1, to - from)
  const share = (value: number) => `${((value / whole) * 100).toFixed(2)}%`
  const text = spans
    .map((span) => `${words.unit.spans[span.kind]} ${lengthOfTime(span.to - span.from)}`)
    .join(', ')
  return (
    <span className={css.timeline} title={text}>
      <span className="unseen">{text}</span>
      {spans.map((span) => (
        <span
          key={span.kind}
          aria-hidden="true"
          data-kind={span.kind}
          style={{ left: share(span.from - from), width: share(span.to - span.from) }}
        />
      ))}
    </span>
  )
}

/** What the pieces of a timeline are. */
export function Legend({ length }: { length: number }) {
  const words = useWords()
  return (
    <p className={css.legend}>
      {(['collecting', 'waiting', 'running'] as const).map((kind) => (
        <span key={kind}>
          <span className={css.sample} data-kind={kind} aria-hidden="true" /> {words.unit.spans[kind]}
        </span>
      ))}
      <span>{words.unit.inAll(lengthOfTime(length))}</span>
    </p>
  )
}
