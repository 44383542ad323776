import type { ReactNode } from 'react'
import css from './said.module.css'
import { Problem } from './view.tsx'

/** What came of something that was done here: said to who does not see it too. */
export function Said({ error, children }: { error: Error | null; children?: ReactNode }) {
  return (
    <>
      <div role="status" className={css.said}>
        {children}
      </div>
      {error === null ? null : <Problem error={error} />}
    </>
  )
}
