import type { AnswerOf } from 'orchestrajs/client'
import { useWords } from '../../words/index.ts'

type KeyState = AnswerOf<'GET /servers'>['items'][number]['key']

const glyphs: Readonly<Record<KeyState, string>> = {
  approved: '✓',
  'not approved': '⚿',
  changed: '✖',
  'not needed': '–',
  'not seen': '?',
}

/** How the host key of a server stands. */
export function KeyMark({ state }: { state: KeyState }) {
  const words = useWords()
  return (
    <>
      <span aria-hidden="true">{glyphs[state]}</span> {words.key[state]}
    </>
  )
}
