import { useEffect, useState } from 'react'
import { useAct } from '../../api/act.ts'
import { basePath, told } from '../../api/client.ts'
import { Button } from '../../parts/button.tsx'
import { Problem } from '../../parts/view.tsx'
import { useWords } from '../../words/index.ts'
import { linkTrouble } from './by-link.ts'
import css from './sign-in.module.css'

/** Asks who comes, by whatever ways there are; he goes on where he wanted to go. */
export function SignIn({ onEntered }: { onEntered: () => void }) {
  const words = useWords()
  const [name, setName] = useState('')
  const [password, setPassword] = useState('')
  const enter = useAct('POST /session')
  const error = enter.error ?? linkTrouble()
  useEffect(() => {
    document.title = `${words.signIn} · Orchestra`
  }, [words])
  return (
    <main className={css.page}>
      <h1>Orchestra</h1>
      {error === null ? null : <Problem error={error} />}
      <form
        className={css.form}
        onSubmit={(event) => {
          event.preventDefault()
          enter.mutate({ name, password }, { onSuccess: onEntered })
        }}
      >
        <label>
          {words.name}
          <input
            value={name}
            onChange={({ target }) => setName(target.value)}
            autoComplete="username"
            required
          />
        </label>
        <label>
          {words.password}
          <input
            type="password"
            value={password}
            onChange={({ target }) => setPassword(target.value)}
            autoComplete="current-password"
            required
          />
        </label>
        <Button weight="first" type="submit" onPress={() => undefined}>
          {words.signIn}
        </Button>
      </form>
      {told.providers.length === 0 ? null : (
        <ul className={css.ways}>
          {told.providers.map((provider) => (
            <li key={provider}>
              <a href={startOf(provider)}>{words.signInWith(provider)}</a>
            </li>
          ))}
        </ul>
      )}
      <div className={css.help}>
        <p>{words.signInHelp}</p>
        <code>orchestra user link NAME</code>
      </div>
    </main>
  )
}

/** Where a provider of identities is asked, and led back from to this very view. */
function startOf(provider: string): string {
  const returnTo = location.pathname + location.search
  const query = new URLSearchParams({ returnTo })
  return `${basePath}/api/v1/auth/oidc/${encodeURIComponent(provider)}/start?${query}`
}
