import { useQuery } from '@tanstack/react-query'
import type { AnswerOf } from 'orchestrajs/client'
import { useEffect, useId, useRef, useState } from 'react'
import { asked } from '../../api/queries.ts'
import { type Completion, completed, type Suggestion, suggestionsAt } from './complete.ts'
import css from './routes.module.css'
import { own } from './words.ts'

type Problem =
  AnswerOf<'POST /routes/preview'> extends infer One
    ? One extends { problems: (infer Each)[] }
      ? Each
      : never
    : never

interface ExpressionProps {
  model: string | undefined
  value: string
  onValue: (value: string) => void
  /** What is wrong with what was tried, and of which text that is told. */
  problems: readonly Problem[]
  of: string
}

const nothing: Completion = { model: '', variable: '', serverVariable: '', fields: [] }

/** Where an expression is written: completed from what its model has, and what is wrong stands below the character. */
export function Expression({ model, value, onValue, problems, of }: ExpressionProps) {
  const id = useId()
  const field = useRef<HTMLTextAreaElement>(null)
  const known = useQuery({
    ...asked('GET /models/{model}/fields', { model: model ?? '' }),
    enabled: model !== undefined,
  })
  const [open, setOpen] = useState<{ caret: number; chosen: number } | null>(null)
  const offered = open === null ? [] : suggestionsAt(value, open.caret, known.data ?? nothing)
  const wantedCaret = useRef<number | null>(null)
  // biome-ignore lint/correctness/useExhaustiveDependencies: the caret is set once the text is there
  useEffect(() => {
    if (wantedCaret.current === null) return
    field.current?.setSelectionRange(wantedCaret.current, wantedCaret.current)
    wantedCaret.current = null
  }, [value])
  const take = (suggestion: Suggestion) => {
    const next = completed(value, open?.caret ?? value.length, suggestion)
    wantedCaret.current = next.caret
    onValue(next.text)
    setOpen(null)
    field.current?.focus()
  }
  const caretOf = () => field.current?.selectionStart ?? value.length
  const press = (event: React.KeyboardEvent) => {
    if (event.key === ' ' && event.ctrlKey) {
      event.preventDefault()
      setOpen({ caret: caretOf(), chosen: 0 })
      return
    }
    const at = open === null ? undefined : offered[open.chosen]
    if (open === null || at === undefined) return
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0
    if (step !== 0) setOpen({ ...open, chosen: (open.chosen + step + offered.length) % offered.length })
    else if (event.key === 'Enter' || event.key === 'Tab') take(at)
    else if (event.key === 'Escape') setOpen(null)
    else return
    event.preventDefault()
  }
  return (
    <div className={css.expression}>
      <label htmlFor={id}>{own.expression}</label>
      <textarea
        ref={field}
        id={id}
        aria-haspopup="listbox"
        aria-controls={`${id}-list`}
        aria-autocomplete="list"
        aria-activedescendant={offered.length > 0 ? `${id}-${open?.chosen}` : undefined}
        aria-describedby={`${id}-help ${id}-faults`}
        aria-invalid={problems.length > 0 || undefined}
        rows={2}
        value={value}
        spellCheck={false}
        onChange={({ target }) => {
          onValue(target.value)
          setOpen({ caret: target.selectionStart, chosen: 0 })
        }}
        onKeyDown={press}
        onBlur={() => setOpen(null)}
      />
      <small id={`${id}-help`}>{own.expressionHelp}</small>
      <div
        id={`${id}-list`}
        role="listbox"
        aria-label={own.suggestions}
        className={css.offered}
        hidden={offered.length === 0}
      >
        {offered.map((suggestion, at) => (
          <div
            key={suggestion.text}
            id={`${id}-${at}`}
            role="option"
            tabIndex={-1}
            aria-selected={at === open?.chosen}
            // The field keeps the focus.
            onPointerDown={(event) => {
              event.preventDefault()
              take(suggestion)
            }}
          >
            <code>{suggestion.text}</code> <small>{suggestion.about}</small>
          </div>
        ))}
      </div>
      <div id={`${id}-faults`} role="status" className={css.faults}>
        {problems.map((problem) => (
          <Fault key={`${problem.start} ${problem.reason}`} text={of} problem={problem} />
        ))}
      </div>
    </div>
  )
}

function Fault({ text, problem: { start, end, reason, hint } }: { text: string; problem: Problem }) {
  return (
    <div>
      <pre>
        {text.slice(0, start)}
        <mark>{text.slice(start, Math.max(end, start + 1)) || ' '}</mark>
        {text.slice(Math.max(end, start + 1))}
      </pre>
      {reason}
      {hint === null ? null : <small> {hint}</small>}
    </div>
  )
}
