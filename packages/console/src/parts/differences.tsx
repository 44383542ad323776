import type { AnswerOf } from 'orchestrajs/client'
import { Diff } from './diff.tsx'
import css from './differences.module.css'

type Difference = AnswerOf<'GET /findings'>['items'][number]['differences'][number]

/** What differs: from what is there to what should be, in the unified format. */
export function Differences({ differences }: { differences: readonly Difference[] }) {
  return (
    <div className={css.differences}>
      {differences.map(({ title, kind, reason, diff }) => (
        <div key={`${kind} ${title}`}>
          <p className={css.title}>
            <code>{title}</code> {reason}
          </p>
          {diff === undefined ? null : <Diff text={diff} />}
        </div>
      ))}
    </div>
  )
}
