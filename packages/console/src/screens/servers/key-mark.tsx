import { Check, CircleHelp, KeyRound, type LucideIcon, Minus, TriangleAlert } from 'lucide-react'
import type { AnswerOf } from 'orchestrajs/client'
import { useWords } from '../../words/index.ts'

type KeyState = AnswerOf<'GET /servers'>['items'][number]['key']

const glyphs: Readonly<Record<KeyState, LucideIcon>> = {
  approved: Check,
  'not approved': KeyRound,
  changed: TriangleAlert,
  'not needed': Minus,
  'not seen': CircleHelp,
}

/** How the host key of a server stands. */
export function KeyMark({ state }: { state: KeyState }) {
  const words = useWords()
  const Glyph = glyphs[state]
  return (
    <>
      <Glyph className="glyph" size={14} aria-hidden="true" /> {words.key[state]}
    </>
  )
}
