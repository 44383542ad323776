import { Link } from '@tanstack/react-router'
import { ChevronDown, ChevronRight } from 'lucide-react'
import { StateMark } from '../../parts/state-mark.tsx'
import { useWords } from '../../words/index.ts'
import { lengthOfTime } from '../../words/times.ts'
import css from './log.module.css'
import { hasFailed, type Section } from './rows.ts'

/** What one operation of a script did, above what it printed. */
export function SectionHead({
  section,
  isOpen,
  onToggle,
}: {
  section: Section
  isOpen: boolean
  onToggle: (position: Section['position']) => void
}) {
  const words = useWords()
  const { position, from, action, object, outcome, changed, error, startedAt, endedAt } = section
  const name = `${action ?? ''} ${object ?? ''}`.trim()
  const Chevron = isOpen ? ChevronDown : ChevronRight
  return (
    <div className={css.head} data-failed={hasFailed(section) || undefined}>
      {from === null ? (
        <span className={css.fold}>{name}</span>
      ) : (
        <button type="button" className={css.fold} aria-expanded={isOpen} onClick={() => onToggle(position)}>
          <Chevron size={14} aria-hidden="true" /> {name}
        </button>
      )}
      {outcome === null ? (
        <StateMark state={from === null ? 'waiting' : 'running'} />
      ) : (
        <StateMark state={hasFailed(section) ? 'failing' : 'ok'} text={words.log.outcomes[outcome]} />
      )}
      {changed === null ? null : <span>{changed ? words.log.changed : words.log.unchanged}</span>}
      {startedAt === null || endedAt === null || startedAt === endedAt ? null : (
        <span>{lengthOfTime(Date.parse(endedAt) - Date.parse(startedAt))}</span>
      )}
      {error === null ? null : <span className={css.error}>{error}</span>}
      {object === null ? null : (
        <Link to="/objects/$object" params={{ object }} className={css.object}>
          {words.log.toObject}
        </Link>
      )}
    </div>
  )
}
