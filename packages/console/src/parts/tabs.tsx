import type { ReactNode } from 'react'
import css from './tabs.module.css'

/** Links to what is seen of one thing: `<Link to=… {...ofTab}>`. */
export function Tabs({ name, children }: { name: string; children: ReactNode }) {
  return (
    <nav className={css.tabs} aria-label={name}>
      {children}
    </nav>
  )
}

/** What makes a link one of several, of which one is where somebody is. */
export const ofTab = {
  activeOptions: { exact: true, includeSearch: false, includeHash: false },
  activeProps: { 'aria-current': 'page' },
} as const
