import type { UseQueryResult } from '@tanstack/react-query'
import type { ApiError } from 'orchestrajs/client'
import type { ReactNode } from 'react'
import { useWords } from '../words/index.ts'
import { Button } from './button.tsx'
import css from './view.module.css'

/** What went wrong, what to do, and what to name to whoever is asked for help. */
export function Problem({ error, onRetry }: { error: Error; onRetry?: (() => void) | undefined }) {
  const words = useWords()
  const { message, code, hint, requestId, errors } = error as ApiError
  return (
    <div role="alert" className={css.problem}>
      <strong>{message || words.problem}</strong>
      {errors?.map(({ pointer, detail }) => (
        <p key={pointer}>{detail}</p>
      ))}
      {hint == null ? null : <p>{hint}</p>}
      {code == null ? null : (
        <p className={css.facts}>
          {words.code} <code>{code}</code>
          {requestId == null ? null : (
            <>
              {' · '}
              {words.request} <code>{requestId}</code>
            </>
          )}
        </p>
      )}
      {onRetry === undefined ? null : <Button onPress={onRetry}>{words.retry}</Button>}
    </div>
  )
}

/** Nothing is there: that is said, and what comes next. */
export function Empty({ text, command }: { text: string; command?: string }) {
  return (
    <div className={css.empty}>
      <p>{text}</p>
      {command === undefined ? null : <code>{command}</code>}
    </div>
  )
}

/** Stands for what comes, once that takes long enough to be seen. */
export function Waiting() {
  const words = useWords()
  return (
    <div className={css.waiting}>
      <span aria-hidden="true" />
      <span aria-hidden="true" />
      <span aria-hidden="true" />
      <p className="unseen" role="status">
        {words.loading}
      </p>
    </div>
  )
}

/** Said where the query is written. */
function isFaultOfQuery(error: Error): boolean {
  return 'code' in error && error.code === 'ORC_QUERY_INVALID'
}

/**
 * What was asked for, once it is there. What was there stays when asking again fails: the error stands above it.
 */
export function View<Data>({
  of,
  children,
}: {
  of: Pick<UseQueryResult<Data, Error>, 'data' | 'error' | 'refetch'>
  children: (data: Data) => ReactNode
}) {
  const { data, error, refetch } = of
  return (
    <>
      {error === null || isFaultOfQuery(error) ? null : (
        <Problem error={error} onRetry={() => void refetch()} />
      )}
      {data === undefined ? error === null && <Waiting /> : children(data)}
    </>
  )
}
