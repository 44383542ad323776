import { useQuery } from '@tanstack/react-query'
import { Check, CircleX } from 'lucide-react'
import type { AnswerOf } from 'orchestrajs/client'
import { useState } from 'react'
import { useAct } from '../../api/act.ts'
import { asked } from '../../api/queries.ts'
import { ActButton } from '../../parts/button.tsx'
import { Problem, View } from '../../parts/view.tsx'
import { useWords } from '../../words/index.ts'
import css from './server.module.css'

type Server = AnswerOf<'GET /servers/{server}'>

/**
 * Shows the key that is presented beside the one that was approved, and compares it with what somebody has by another way. Exactly
 * the key that was seen is approved: one that is presented meanwhile is another.
 */
export function KeyApproval({ server: { name, fingerprint: before } }: { server: Server }) {
  const words = useWords()
  const approvals = useQuery(asked('GET /approvals', { limit: 200 }))
  return (
    <View of={approvals}>
      {({ items }) => {
        const presented = items.find(({ kind, server }) => kind === 'host-key' && server === name)
        if (presented === undefined) return null
        return (
          <section className={css.notice} aria-label={words.keyTitle}>
            <strong>{words.keyTitle}</strong>
            <Compared
              key={presented.fingerprint}
              server={name}
              presented={presented.fingerprint}
              before={before}
            />
          </section>
        )
      }}
    </View>
  )
}

interface Keys {
  server: string
  presented: string
  before: string | null
}

function Compared({ server, presented, before }: Keys) {
  const words = useWords()
  const [typed, setTyped] = useState('')
  const approve = useAct('POST /servers/{server}/approve-key')
  const said = fingerprintIn(typed)
  const isOther = said !== '' && said !== presented
  return (
    <>
      <dl className={css.compare}>
        <dt>{words.keyPresented}</dt>
        <dd className="mono">{presented}</dd>
        {before === null ? null : (
          <>
            <dt>{words.keyApproved}</dt>
            <dd className="mono">{before}</dd>
          </>
        )}
      </dl>
      <label>
        {words.keyHelp}
        <code>ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub</code>
        <input
          aria-label={words.keyTyped}
          value={typed}
          spellCheck={false}
          autoComplete="off"
          placeholder="SHA256:…"
          onChange={({ target }) => setTyped(target.value)}
        />
      </label>
      <div className={css.line} role="status">
        {said === '' ? null : isOther ? (
          <span className={css.other}>
            <CircleX className="glyph" size={14} aria-hidden="true" /> {words.keyOther}
          </span>
        ) : (
          <span className={css.same}>
            <Check className="glyph" size={14} aria-hidden="true" /> {words.keySame}
          </span>
        )}
      </div>
      <ActButton
        weight="first"
        needs="key.approve"
        server={server}
        {...(isOther ? { reason: words.keyOther } : {})}
        onPress={() => approve.mutate({ server, fingerprint: presented })}
      >
        {words.approve}
      </ActButton>
      {approve.error === null ? null : <Problem error={approve.error} />}
    </>
  )
}

/** What `ssh-keygen` prints has more than the fingerprint. */
function fingerprintIn(typed: string): string {
  return /SHA256:[\w+/=]+/.exec(typed)?.[0] ?? typed.trim()
}
