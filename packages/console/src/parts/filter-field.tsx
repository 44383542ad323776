import type { ApiError } from 'orchestrajs/client'
import { useEffect, useId, useRef, useState } from 'react'
import { useWords } from '../words/index.ts'
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
}

/** Narrows a list in the grammar of the API and the command. It goes into the address, so that it can be linked to. */
export function FilterField({ query, onQuery, error, example }: FilterFieldProps) {
  const words = useWords()
  const id = useId()
  const input = useRef<HTMLInputElement>(null)
  const [written, setWritten] = useState(query)
  useEffect(() => setWritten(query), [query])
  useEffect(() => onKey('/', () => input.current?.select()), [])
  const fault = faultIn(error)
  return (
    <search>
      <form
        className={css.field}
        onSubmit={(event) => {
          event.preventDefault()
          onQuery(written.trim())
        }}
      >
        <label htmlFor={id}>{words.filter}</label>
        <input
          ref={input}
          id={id}
          value={written}
          placeholder={example ?? words.filterHelp}
          spellCheck={false}
          autoComplete="off"
          aria-invalid={fault !== undefined || undefined}
          onChange={({ target }) => setWritten(target.value)}
          onKeyDown={({ key }) => {
            if (key !== 'Escape') return
            if (written === '') input.current?.blur()
            setWritten('')
            onQuery('')
          }}
        />
        <kbd>/</kbd>
        {fault === undefined ? null : (
          <div role="alert" className={css.fault}>
            <pre>
              {query.slice(0, fault.from)}
              <mark>{query.slice(fault.from, fault.to) || ' '}</mark>
              {query.slice(fault.to)}
            </pre>
            {fault.detail}
          </div>
        )}
      </form>
    </search>
  )
}

function faultIn(error: Error | null): { detail: string; from: number; to: number } | undefined {
  const fault = (error as ApiError | null)?.errors?.find(({ from }) => from !== undefined)
  return fault === undefined ? undefined : { detail: fault.detail, from: fault.from ?? 0, to: fault.to ?? 0 }
}
