import { useQuery } from '@tanstack/react-query'
import { Link, Outlet, useNavigate, useRouterState } from '@tanstack/react-router'
import { LogOut, Search } from 'lucide-react'
import { lazy, Suspense, useEffect, useState } from 'react'
import { useAct } from '../api/act.ts'
import { told } from '../api/client.ts'
import { stayLive } from '../api/live.ts'
import { asked } from '../api/queries.ts'
import { Button } from '../parts/button.tsx'
import { onKey } from '../parts/keys.ts'
import { Problem, Waiting } from '../parts/view.tsx'
import { SignIn } from '../screens/sign-in/sign-in.tsx'
import { useWords } from '../words/index.ts'
import { Banners } from './banners.tsx'
import { entries } from './navigation.ts'
import css from './shell.module.css'

const Palette = lazy(async () => ({ default: (await import('./palette.tsx')).Palette }))
const Keys = lazy(async () => ({ default: (await import('./keys-dialog.tsx')).KeysDialog }))

/** All screens stand in it, for whoever is known; everybody else is asked who he is, and stays where he wanted to go. */
export function Shell() {
  const { data: me, error, refetch } = useQuery(asked('GET /me'))
  if (error !== null && 'status' in error && error.status === 401 && told.signIn)
    return <SignIn onEntered={() => void refetch()} />
  if (me === undefined) return error === null ? <Waiting /> : <Problem error={error} onRetry={refetch} />
  return <Inside name={me.name} />
}

function Inside({ name }: { name: string }) {
  const words = useWords()
  const opened = useOpened()
  const leave = useAct('DELETE /session')
  useCurrentInView()
  useEffect(() => {
    const ending = new AbortController()
    stayLive(ending.signal)
    return () => ending.abort()
  }, [])
  return (
    <div className={css.shell}>
      <button type="button" className={css.skip} onClick={() => document.getElementById('main')?.focus()}>
        {words.skip}
      </button>
      <header className={css.top}>
        <Link to="/" className={css.brand}>
          Orchestra
        </Link>
        <button type="button" className={css.find} aria-keyshortcuts="Control+K" onClick={opened.palette}>
          <Search size={14} aria-hidden="true" /> <span>{words.palette}</span> <kbd>Ctrl K</kbd>
        </button>
        <span className={css.who} title={name}>
          {name}
        </span>
        {told.signIn ? (
          <Button onPress={() => leave.mutate({}, { onSuccess: () => location.reload() })}>
            <LogOut size={14} aria-hidden="true" /> <span className="unseen">{words.signOut}</span>
          </Button>
        ) : null}
      </header>
      <nav className={css.navigation} aria-label={words.navigation}>
        <ul>
          {entries.map(({ to, name: entry, icon: Icon }) => (
            <li key={to}>
              <Link to={to} activeOptions={{ exact: to === '/' }} activeProps={{ 'aria-current': 'page' }}>
                <Icon size={16} aria-hidden="true" /> {words.screens[entry]}
              </Link>
            </li>
          ))}
        </ul>
      </nav>
      <main id="main" className={css.main} tabIndex={-1}>
        <Banners />
        <Outlet />
      </main>
      <Suspense>
        {opened.now === 'palette' ? <Palette onClose={opened.close} /> : null}
        {opened.now === 'keys' ? <Keys onClose={opened.close} /> : null}
      </Suspense>
    </div>
  )
}

/** On a phone there are more screens and tabs than fit: the one where somebody is can be seen. */
function useCurrentInView() {
  const path = useRouterState({ select: ({ resolvedLocation }) => resolvedLocation?.pathname })
  // biome-ignore lint/correctness/useExhaustiveDependencies: another path is another link
  useEffect(() => {
    for (const link of document.querySelectorAll<HTMLElement>('nav [aria-current=page]')) {
      const around = link.closest('nav')
      if (around !== null) around.scrollLeft = link.offsetLeft - (around.clientWidth - link.clientWidth) / 2
    }
  }, [path])
}

/** What stands in front of the screens, and the keys that open it. */
function useOpened() {
  const [now, open] = useState<'palette' | 'keys' | null>(null)
  const navigate = useNavigate()
  useEffect(() => {
    const ends = [
      onKey('Ctrl-k', () => open('palette')),
      onKey('?', () => open('keys')),
      ...entries.map(({ key, to }) => onKey(`g ${key}`, () => void navigate({ to }))),
    ]
    return () => {
      for (const end of ends) end()
    }
  }, [navigate])
  return { now, palette: () => open('palette'), close: () => open(null) }
}
