import { countOf } from '../../words/times.ts'
import css from './progress.module.css'

/** How far something is; in numbers beside it. */
export function Progress({ label, done, all }: { label: string; done: number; all: number }) {
  return (
    <span className={css.progress}>
      <progress aria-label={label} max={Math.max(1, all)} value={Math.min(done, all)} />
      {countOf(done)}/{countOf(all)}
    </span>
  )
}
