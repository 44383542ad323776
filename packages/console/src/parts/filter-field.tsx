import type { ApiError } from 'orchestrajs/client'
import { type KeyboardEvent, useEffect, useId, useRef, useState } from 'react'
import { useWords } from '../words/index.ts'
import { completedWith, offeredAt } from './complete-query.ts'
import css from './filter-field.module.css'
import { onKey } from './keys.ts'

interface FilterFieldProps {
  /** What the address of the page says. */
  query: string
  onQuery: (query: string) => void
  /** What the API says of it, if it cannot be understood: with the characters that are wrong. */
  error: Error | null
  /** What can be written here, by an example. */
  example?: string | undefined
  /** The list whose filters are offered while somebody writes. */
  page?: string | undefined
}

/** Narrows a list in the grammar of the API and the command. It goes into the address, so that it can be linked to. */
export function FilterField({ query, onQuery, error, example, page = '' }: FilterFieldProps) {
  const words = useWords()
  const id = useId()
  const input = useRef<HTMLInputElement>(null)
  const [written, setWritten] = useState(query)
  /** Where somebody writes, and which of what is offered he is at; null while nothing is offered. */
  const [open, setOpen] = useState<{ caret: number; at: number } | null>(null)
  useEffect(() => setWritten(query), [query])
  useEffect(() => onKey('/', () => input.current?.select()), [])
  const offered = open === null ? [] : offeredAt(page, written, open.caret)
  const take = (chosen: string) => {
    const next = completedWith(written, open?.caret ?? written.length, chosen)
    setWritten(next.query)
    setOpen({ caret: next.caret, at: -1 })
    input.current?.focus()
  }
  const send = (text: string) => {
    setOpen(null)
    onQuery(text.trim())
  }
  const press = (event: KeyboardEvent) => {
    const { key } = event
    const chosen = open === null ? undefined : offered[open.at]
    if (offered.length > 0 && open !== null && (key === 'ArrowDown' || key === 'ArrowUp')) {
      event.preventDefault()
      const step = key === 'ArrowDown' ? 1 : -1
      setOpen({ ...open, at: (open.at + step + offered.length) % offered.length })
    } else if ((key === 'Enter' || key === 'Tab') && chosen !== undefined) {
      event.preventDefault()
      take(chosen)
    } else if (key === 'Escape') {
      if (written === '') input.current?.blur()
      setWritten('')
      send('')
    }
  }
  return (
    <search>
      <form
        className={css.field}
        onSubmit={(event) => {
          event.preventDefault()
          send(written)
        }}
      >
        <label htmlFor={id}>{words.filter}</label>
        <div className={css.around}>
          <input
            ref={input}
            id={id}
            role="combobox"
            value={written}
            placeholder={example ?? words.filterHelp}
            spellCheck={false}
            autoComplete="off"
            aria-autocomplete="list"
            aria-expanded={offered.length > 0}
            aria-controls={`${id}-list`}
            aria-activedescendant={
              open !== null && offered[open.at] !== undefined ? `${id}-${open.at}` : undefined
            }
            aria-invalid={faultIn(error) !== undefined || undefined}
            onChange={({ target }) => {
              setWritten(target.value)
              setOpen({ caret: target.selectionStart ?? target.value.length, at: -1 })
            }}
            onKeyDown={press}
            onBlur={() => setOpen(null)}
          />
          <div
            id={`${id}-list`}
            role="listbox"
            aria-label={words.offered}
            className={css.offered}
            hidden={offered.length === 0}
          >
            {offered.map((one, at) => (
              <div
                key={one}
                id={`${id}-${at}`}
                role="option"
                tabIndex={-1}
                aria-selected={at === open?.at}
                // The field keeps the focus.
                onPointerDown={(event) => {
                  event.preventDefault()
                  take(one)
                }}
              >
                {one}
              </div>
            ))}
          </div>
        </div>
        <kbd>/</kbd>
        <Fault query={query} error={error} />
      </form>
    </search>
  )
}

function Fault({ query, error }: { query: string; error: Error | null }) {
  const fault = faultIn(error)
  if (fault === undefined) return null
  return (
    <div role="alert" className={css.fault}>
      <pre>
        {query.slice(0, fault.from)}
        <mark>{query.slice(fault.from, fault.to) || ' '}</mark>
        {query.slice(fault.to)}
      </pre>
      {fault.detail}
    </div>
  )
}

function faultIn(error: Error | null): { detail: string; from: number; to: number } | undefined {
  const fault = (error as ApiError | null)?.errors?.find(({ from }) => from !== undefined)
  return fault === undefined ? undefined : { detail: fault.detail, from: fault.from ?? 0, to: fault.to ?? 0 }
}
