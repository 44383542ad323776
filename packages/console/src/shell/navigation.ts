import {
  Activity,
  Boxes,
  CalendarClock,
  ClipboardCheck,
  ClipboardList,
  GitCompareArrows,
  Import,
  ListChecks,
  type LucideIcon,
  Package,
  PencilLine,
  ScrollText,
  Server,
  Settings,
  Split,
  SquareTerminal,
  TriangleAlert,
} from 'lucide-react'
import type { Words } from '../words/index.ts'

export interface Entry {
  to:
    | '/'
    | '/servers'
    | '/objects'
    | '/units'
    | '/logs'
    | '/changes/syncs'
    | '/changes/drift'
    | '/changes/adopt'
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
  { to: '/objects', name: 'objects', icon: Boxes, key: 'o' },
  { to: '/units', name: 'units', icon: ListChecks, key: 'u' },
  { to: '/logs', name: 'logs', icon: SquareTerminal, key: 'l' },
  { to: '/incidents', name: 'incidents', icon: TriangleAlert, key: 'i' },
  { to: '/changes/plans', name: 'plans', icon: ClipboardList, key: 'p' },
  { to: '/changes/syncs', name: 'syncs', icon: GitCompareArrows, key: 'y' },
  { to: '/changes/drift', name: 'drift', icon: PencilLine, key: 'd' },
  { to: '/changes/adopt', name: 'adopt', icon: Import, key: 'm' },
  { to: '/approvals', name: 'approvals', icon: ClipboardCheck, key: 'a' },
  { to: '/routes', name: 'routes', icon: Split, key: 'r' },
  { to: '/schedules', name: 'schedules', icon: CalendarClock, key: 'c' },
  { to: '/backends', name: 'backends', icon: Package, key: 'b' },
  { to: '/audit', name: 'audit', icon: ScrollText, key: 't' },
  { to: '/settings', name: 'settings', icon: Settings, key: ',' },
]
