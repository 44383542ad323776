import { useEffect } from 'react'
import { onKey } from './keys.ts'

/** Keys of a screen, for as long as it is there; each does what it would do now. */
export function useScreenKeys(acts: Readonly<Record<string, () => void>>): void {
  useEffect(() => {
    const ends = Object.entries(acts).map(([key, act]) => onKey(key, act))
    return () => {
      for (const end of ends) end()
    }
  })
}
