import { Pause } from 'lucide-react'
import type { AnswerOf } from 'orchestrajs/client'
import { useState } from 'react'
import { useAct } from '../../api/act.ts'
import { ActButton, Button } from '../../parts/button.tsx'
import { Dialog, DialogForm } from '../../parts/dialog.tsx'
import { Time } from '../../parts/time.tsx'
import { Problem } from '../../parts/view.tsx'
import { useWords } from '../../words/index.ts'
import css from './server.module.css'

/** Lets a server wait, with what others are told of it. Nothing is asked twice: it can be undone beside it. */
export function HoldButton({ server }: { server: string }) {
  const words = useWords()
  const [isOpen, open] = useState(false)
  return (
    <>
      <ActButton needs="hold" server={server} onPress={() => open(true)}>
        {words.hold}
      </ActButton>
      {isOpen ? <HoldDialog server={server} onClose={() => open(false)} /> : null}
    </>
  )
}

function HoldDialog({ server, onClose }: { server: string; onClose: () => void }) {
  const words = useWords()
  const [reason, setReason] = useState('')
  const [until, setUntil] = useState('')
  const hold = useAct('POST /servers/{server}/hold')
  const submit = () => {
    const given = {
      ...(reason === '' ? {} : { reason }),
      ...(until === '' ? {} : { until: new Date(until).toISOString() }),
    }
    hold.mutate({ server, ...given }, { onSuccess: onClose })
  }
  return (
    <Dialog title={words.holdTitle(server)} isOpen onClose={onClose}>
      <DialogForm
        onSubmit={submit}
        actions={
          <>
            <Button onPress={onClose}>{words.cancel}</Button>
            <Button weight="first" type="submit" onPress={() => undefined}>
              {words.hold}
            </Button>
          </>
        }
      >
        <p>{words.holdHelp}</p>
        <label>
          {words.reason}
          <input value={reason} maxLength={200} onChange={({ target }) => setReason(target.value)} />
        </label>
        <label>
          {words.until}
          <input type="datetime-local" value={until} onChange={({ target }) => setUntil(target.value)} />
        </label>
        {hold.error === null ? null : <Problem error={hold.error} />}
      </DialogForm>
    </Dialog>
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
