import type { AnswerOf } from 'orchestrajs/client'
import { useWords } from '../words/index.ts'
import { type State, StateMark } from './state-mark.tsx'

type FindingState = AnswerOf<'GET /findings'>['items'][number]['state']

const marks: Readonly<Record<FindingState, State>> = {
  drifted: 'drifted',
  missing: 'failing',
  unknown: 'stale',
  unowned: 'drifted',
  orphaned: 'drifted',
}

/** How something was found. */
export function FindingMark({ state }: { state: FindingState }) {
  const words = useWords()
  return <StateMark state={marks[state]} text={words.findings[state]} />
}
