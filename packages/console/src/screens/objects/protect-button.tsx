import type { AnswerOf } from 'orchestrajs/client'
import { useState } from 'react'
import { useAct } from '../../api/act.ts'
import { ActButton } from '../../parts/button.tsx'
import { ConfirmButton } from '../../parts/confirm.tsx'
import { Said } from '../../parts/said.tsx'
import { useWords } from '../../words/index.ts'

type Protections = AnswerOf<'GET /objects/{object}/explain'>['protections']

/** Keeps an object from being removed, with what others are told of it; undone beside it. */
export function ProtectButton({ object, protections }: { object: string; protections: Protections }) {
  const words = useWords()
  const [reason, setReason] = useState('')
  const protect = useAct('POST /protections')
  const release = useAct('DELETE /protections')
  const own = protections.find((one) => one.object === object)
  if (own !== undefined) {
    const what = own.backend === null ? { object } : { object, backend: own.backend }
    return (
      <>
        <ActButton needs="protect" onPress={() => release.isPending || release.mutate(what)}>
          {words.thing.unprotect}
        </ActButton>
        <Said error={release.error} />
      </>
    )
  }
  return (
    <ConfirmButton
      label={words.thing.protect}
      title={words.thing.protectTitle(object)}
      needs="protect"
      act={protect}
      onConfirm={(close) =>
        protect.mutate({ object, ...(reason === '' ? {} : { reason }) }, { onSuccess: close })
      }
    >
      <p>{words.thing.protectHelp}</p>
      <label>
        {words.reason}
        <input value={reason} maxLength={200} onChange={({ target }) => setReason(target.value)} />
      </label>
    </ConfirmButton>
  )
}
