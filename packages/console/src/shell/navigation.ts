import { Activity, type LucideIcon, Server } from 'lucide-react'
import type { Words } from '../words/index.ts'

export interface Entry {
  to: '/' | '/servers'
  name: keyof Words & ('now' | 'servers')
  icon: LucideIcon
  /** Behind `g`. */
  key: string
}

/** The screens, in the order of the day's work; the palette and the keys know them from here too. */
export const entries: readonly Entry[] = [
  { to: '/', name: 'now', icon: Activity, key: 'n' },
  { to: '/servers', name: 'servers', icon: Server, key: 's' },
]
