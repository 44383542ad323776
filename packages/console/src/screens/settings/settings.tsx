import { Link, Outlet } from '@tanstack/react-router'
import { Screen } from '../../parts/screen.tsx'
import { ofTab, Tabs } from '../../parts/tabs.tsx'
import { own } from './words.ts'

const tabs = [
  ['/settings', own.people],
  ['/settings/roles', own.roles],
  ['/settings/bindings', own.bindings],
  ['/settings/tokens', own.tokens],
  ['/settings/sessions', own.sessions],
  ['/settings/channels', own.channels],
  ['/settings/hooks', own.hooks],
] as const

/** Who may what, who is told, and what comes in from outside. */
export function Settings() {
  return (
    <Screen title={own.title}>
      <Tabs name={own.title}>
        {tabs.map(([to, name]) => (
          <Link key={to} to={to} {...ofTab}>
            {name}
          </Link>
        ))}
      </Tabs>
      <Outlet />
    </Screen>
  )
}
