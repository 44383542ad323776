import { Check, CircleX } from 'lucide-react'
import { useAct } from '../../api/act.ts'
import { ActButton } from '../../parts/button.tsx'
import { Problem } from '../../parts/view.tsx'
import { useWords } from '../../words/index.ts'
import css from './server.module.css'

/** Connects to a server as scripts do, by a worker that may, and says what it found. */
export function CheckButton({ server }: { server: string }) {
  const words = useWords()
  const check = useAct('POST /servers/{server}/check')
  return (
    <>
      <ActButton needs="check" server={server} onPress={() => check.isPending || check.mutate({ server })}>
        {check.isPending ? words.checking : words.check}
      </ActButton>
      <div role="status" className={css.found}>
        {check.data?.map(({ server: name, state, problems, latency }) =>
          state === 'ok' ? (
            <p key={name}>
              <Check className="glyph" size={14} aria-hidden="true" />{' '}
              {words.checkOk(`${Math.round(latency ?? 0)} ms`)}
            </p>
          ) : (
            <p key={name}>
              <CircleX className="glyph" size={14} aria-hidden="true" /> {words.checkBad}:{' '}
              {problems.join('; ')}
            </p>
          ),
        )}
      </div>
      {check.error === null ? null : <Problem error={check.error} />}
    </>
  )
}
