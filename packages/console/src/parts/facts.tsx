import type { ReactNode } from 'react'
import css from './facts.module.css'

/** What is known of one thing, by names; what is not known of it is left out. */
export function Facts({ of }: { of: readonly (readonly [name: string, fact: ReactNode])[] }) {
  return (
    <dl className={css.facts}>
      {of
        .filter(([, fact]) => fact !== null && fact !== undefined && fact !== '')
        .map(([name, fact]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{fact}</dd>
          </div>
        ))}
    </dl>
  )
}
