import type { AnswerOf } from 'orchestrajs/client'
import css from './routes.module.css'
import { own } from './words.ts'

type Comparison = AnswerOf<'POST /routes/preview'>

/** What an expression comes to, of the objects that there are: before anything is saved. */
export function ComesTo({ of, isNew }: { of: Comparison; isNew: boolean }) {
  if (of.problems.length > 0) return null
  if (of.tried === 0) return <p>{own.nothingYet}</p>
  return (
    <div className={css.comes} role="status">
      <strong>{own.matchesOf(of.matching.count, of.tried)}</strong>
      {of.asksServer ? <p>{own.asksServer}</p> : null}
      <div className={css.sides}>
        <Side side="gained" title={own.gained(of.gained.count)} some={of.gained} />
        {isNew ? null : <Side side="lost" title={own.lost(of.lost.count)} some={of.lost} />}
      </div>
      {of.errors.length === 0 ? null : (
        <ul>
          {of.errors.map(({ name, reason }) => (
            <li key={name}>
              {own.cannotTell} <code>{name}</code>: {reason}
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}

interface SideProps {
  side: 'gained' | 'lost'
  title: string
  some: Comparison['gained']
}

function Side({ side, title, some: { count, samples } }: SideProps) {
  return (
    <section className={css.side} data-side={side} aria-label={title}>
      <h2>{title}</h2>
      <ul>
        {samples.map((sample) => (
          <li key={sample}>{sample}</li>
        ))}
      </ul>
      {count > samples.length ? own.andMore(count - samples.length) : null}
    </section>
  )
}
