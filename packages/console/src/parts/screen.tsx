import { type ReactNode, useEffect } from 'react'
import css from './screen.module.css'

/** A screen: its title, which the tab has too, what can be done here, and what is seen. */
export function Screen({
  title,
  actions,
  children,
}: {
  title: string
  actions?: ReactNode
  children: ReactNode
}) {
  useEffect(() => {
    document.title = `${title} · Orchestra`
  }, [title])
  return (
    <div className={css.screen}>
      <div className={css.head}>
        <h1>{title}</h1>
        {actions}
      </div>
      {children}
    </div>
  )
}

export function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className={css.section}>
      <h2>{title}</h2>
      {children}
    </section>
  )
}
