import { useMutation } from '@tanstack/react-query'
import type { ApiError } from 'orchestrajs/client'
import { useState } from 'react'
import type { Permission } from '../../api/me.ts'
import { queries } from '../../api/queries.ts'
import { ActButton, Button } from '../../parts/button.tsx'
import { Dialog, DialogForm } from '../../parts/dialog.tsx'
import { FieldInput } from '../../parts/field.tsx'
import { Problem } from '../../parts/view.tsx'
import { useWords } from '../../words/index.ts'
import { Effects, type Rerouting, removedBeyond } from './effects.tsx'
import { own } from './words.ts'

interface SettleProps {
  needs: Permission
  label: string
  help?: string
  reason?: string | undefined
  /** Asks for the change: first as a trial, then to be done. */
  change: (given: { dryRun?: boolean; yes?: boolean }) => Promise<{ preview: Rerouting }>
  onDone: () => void
}

/** A change of routes is tried on every object, and shown, before it is done. */
export function Settle({ needs, label, help, reason, change, onDone }: SettleProps) {
  const tried = useMutation<{ preview: Rerouting }, ApiError>({ mutationFn: () => change({ dryRun: true }) })
  return (
    <>
      <div>
        <ActButton needs={needs} reason={reason} onPress={() => tried.isPending || tried.mutate()}>
          {label}
        </ActButton>{' '}
        {help === undefined ? null : <small>{help}</small>}
      </div>
      {tried.error === null ? null : <Problem error={tried.error} />}
      {tried.data === undefined ? null : (
        <Settled
          title={label}
          preview={tried.data.preview}
          change={change}
          onClose={() => tried.reset()}
          onDone={onDone}
        />
      )}
    </>
  )
}

interface SettledProps extends Pick<SettleProps, 'change' | 'onDone'> {
  title: string
  preview: Rerouting
  onClose: () => void
}

function Settled({ title, preview, change, onClose, onDone }: SettledProps) {
  const words = useWords()
  const [typed, setTyped] = useState('')
  const beyond = removedBeyond(preview)
  const done = useMutation<unknown, ApiError>({
    mutationFn: () => change({ yes: true }),
    onSuccess: () => {
      onClose()
      onDone()
    },
    onSettled: () => queries.invalidateQueries(),
  })
  const isAgreed = beyond === null || typed.trim() === String(beyond)
  return (
    <Dialog title={title} isOpen onClose={onClose}>
      <DialogForm
        onSubmit={() => isAgreed && !done.isPending && done.mutate()}
        actions={
          <>
            <Button onPress={onClose}>{words.cancel}</Button>
            <Button
              weight="first"
              type="submit"
              onPress={() => undefined}
              {...(isAgreed ? {} : { reason: own.typeCount(beyond) })}
            >
              {own.doIt}
            </Button>
          </>
        }
      >
        <Effects of={preview} />
        {beyond === null ? null : (
          <FieldInput
            field={{ name: 'count', label: own.typeCount(beyond) }}
            value={typed}
            onValue={setTyped}
            isFirst
          />
        )}
        {done.error === null ? null : <Problem error={done.error} />}
      </DialogForm>
    </Dialog>
  )
}
