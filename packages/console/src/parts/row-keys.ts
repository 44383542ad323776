import { type RefObject, useEffect } from 'react'
import { onKey } from './keys.ts'

/** `j` and `k` go from row to row of a table, by their first links; Enter is the link's own. */
export function useRowKeys(table: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    const go = (step: 1 | -1) => () => {
      const links = [...(table.current?.querySelectorAll<HTMLElement>('tbody th a') ?? [])]
      const at = links.indexOf(document.activeElement as HTMLElement)
      links[at === -1 ? 0 : Math.min(links.length - 1, Math.max(0, at + step))]?.focus()
    }
    const ends = [onKey('j', go(1)), onKey('k', go(-1))]
    return () => {
      for (const end of ends) end()
    }
  }, [table])
}
