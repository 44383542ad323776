import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { useAct } from '../../api/act.ts'
import { useNames } from '../../api/known.ts'
import { may, useMe } from '../../api/me.ts'
import { Button } from '../../parts/button.tsx'
import { Dialog, DialogForm } from '../../parts/dialog.tsx'
import { NameField } from '../../parts/name-field.tsx'
import { Problem } from '../../parts/view.tsx'
import { useWords } from '../../words/index.ts'

/** Has everything compared, or a part of it. */
export function StartButton() {
  const words = useWords()
  const me = useMe()
  const [isOpen, open] = useState(false)
  const isAllowed = me === undefined || may(me, 'sync') || may(me, 'check')
  return (
    <>
      <Button weight="first" reason={isAllowed ? undefined : words.mayNot('sync')} onPress={() => open(true)}>
        {words.sync.start}
      </Button>
      {isOpen ? <StartDialog onClose={() => open(false)} /> : null}
    </>
  )
}

type Mode = 'check' | 'sync'

function StartDialog({ onClose }: { onClose: () => void }) {
  const words = useWords()
  const me = useMe()
  const navigate = useNavigate()
  const { servers, backends } = useNames()
  const [mode, setMode] = useState<Mode>('check')
  const [given, give] = useState({ server: '', backend: '', object: '', allowDeletes: '' })
  const start = useAct('POST /syncs')
  const needs = mode === 'check' ? (['check'] as const) : (['sync', 'prune'] as const)
  const lacking = me === undefined ? undefined : needs.find((permission) => !may(me, permission))
  const reason = lacking === undefined ? undefined : words.mayNot(lacking)
  const submit = () => {
    if (reason !== undefined || start.isPending) return
    const { allowDeletes, ...names } = given
    const said = Object.fromEntries(Object.entries(names).filter(([, value]) => value !== ''))
    const input = {
      mode,
      ...said,
      ...(mode === 'check' || allowDeletes === '' ? {} : { allowDeletes: Number(allowDeletes) }),
    }
    start.mutate(input, {
      onSuccess: ({ id }) => void navigate({ to: '/changes/syncs/$sync', params: { sync: id } }),
    })
  }
  const field = (name: keyof typeof given) => (value: string) => give({ ...given, [name]: value })
  return (
    <Dialog title={words.sync.startTitle} isOpen onClose={onClose}>
      <DialogForm
        onSubmit={submit}
        actions={
          <>
            <Button onPress={onClose}>{words.cancel}</Button>
            <Button weight="first" type="submit" reason={reason} onPress={() => undefined}>
              {words.sync.modes[mode]}
            </Button>
          </>
        }
      >
        <label>
          {words.kind}
          <select value={mode} onChange={({ target }) => setMode(target.value as Mode)}>
            <option value="check">{words.sync.modes.check}</option>
            <option value="sync">{words.sync.modes.sync}</option>
          </select>
        </label>
        <p>{words.sync.help[mode]}</p>
        <NameField
          label={words.sync.onServer}
          value={given.server}
          names={servers}
          onChange={field('server')}
        />
        <NameField
          label={words.sync.ofBackend}
          value={given.backend}
          names={backends}
          onChange={field('backend')}
        />
        <NameField label={words.sync.ofObject} value={given.object} names={[]} onChange={field('object')} />
        {mode === 'sync' ? (
          <label>
            {words.sync.allowDeletes}
            <input
              value={given.allowDeletes}
              inputMode="numeric"
              pattern="\d*"
              onChange={({ target }) => field('allowDeletes')(target.value)}
            />
          </label>
        ) : null}
        {start.error === null ? null : <Problem error={start.error} />}
      </DialogForm>
    </Dialog>
  )
}
