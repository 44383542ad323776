import { Pause } from 'lucide-react'
import type { AnswerOf } from 'orchestrajs/client'
import { useAct } from '../../api/act.ts'
import { ActForm } from '../../parts/act-form.tsx'
import { ActButton } from '../../parts/button.tsx'
import { given } from '../../parts/field.tsx'
import { Time } from '../../parts/time.tsx'
import { Problem } from '../../parts/view.tsx'
import { useWords } from '../../words/index.ts'
import css from './server.module.css'

/** Lets a server wait, with what others are told of it. Nothing is asked twice: it can be undone beside it. */
export function HoldButton({ server }: { server: string }) {
  const words = useWords()
  return (
    <ActForm
      act="POST /servers/{server}/hold"
      needs="hold"
      server={server}
      label={words.hold}
      title={words.holdTitle(server)}
      help={words.holdHelp}
      fields={[
        { name: 'reason', label: words.reason, most: 200 },
        { name: 'until', label: words.until, kind: 'datetime-local' },
      ]}
      input={({ reason, until }) => ({
        server,
        ...given({ reason, until: until ? new Date(until).toISOString() : undefined }),
      })}
    />
  )
}

type Hold = NonNullable<AnswerOf<'GET /servers/{server}'>['held']>

/** Who lets it wait, why and until when, and the way out. */
export function Held({ server, held: { by, reason, since, until } }: { server: string; held: Hold }) {
  const words = useWords()
  const release = useAct('POST /servers/{server}/release')
  return (
    <div className={css.notice}>
      <p className={css.line}>
        <Pause size={16} aria-hidden="true" />
        <strong>
          {words.heldBy(by ?? '–')}
          {reason === null ? null : `: ${reason}`}
        </strong>
        <span>
          {words.since.toLowerCase()} <Time at={since} />
        </span>
        {until === null ? null : (
          <span>
            {words.untilTime} <Time at={until} />
          </span>
        )}
        <ActButton needs="hold" server={server} onPress={() => release.mutate({ server })}>
          {words.release}
        </ActButton>
      </p>
      {release.error === null ? null : <Problem error={release.error} />}
    </div>
  )
}
