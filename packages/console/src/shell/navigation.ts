import {
  Activity,
  CalendarClock,
  ClipboardCheck,
  ClipboardList,
  type LucideIcon,
  Package,
  ScrollText,
  Server,
  Settings,
  Split,
  TriangleAlert,
} from 'lucide-react'
import type { Words } from '../words/index.ts'

export interface Entry {
  to:
    | '/'
    | '/servers'
    | '/changes/plans'
    | '/approvals'
    | '/incidents'
    | '/routes'
    | '/schedules'
    | '/backends'
    | '/audit'
    | '/settings'
  name: keyof Words['screens']
  icon: LucideIcon
  /** Behind `g`. */
  key: string
}

/** The screens, in the order of the day's work; the palette and the keys know them from here too. */
export const entries: readonly Entry[] = [
  { to: '/', name: 'now', icon: Activity, key: 'n' },
  { to: '/servers', name: 'servers', icon: Server, key: 's' },
  { to: '/incidents', name: 'incidents', icon: TriangleAlert, key: 'i' },
  { to: '/changes/plans', name: 'plans', icon: ClipboardList, key: 'p' },
  { to: '/approvals', name: 'approvals', icon: ClipboardCheck, key: 'a' },
  { to: '/routes', name: 'routes', icon: Split, key: 'r' },
  { to: '/schedules', name: 'schedules', icon: CalendarClock, key: 'c' },
  { to: '/backends', name: 'backends', icon: Package, key: 'b' },
  { to: '/audit', name: 'audit', icon: ScrollText, key: 't' },
  { to: '/settings', name: 'settings', icon: Settings, key: ',' },
]
