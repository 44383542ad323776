import type { AnswerOf } from 'orchestrajs/client'
import { useAct } from '../../api/act.ts'
import { ActButton } from '../../parts/button.tsx'
import { ConfirmButton } from '../../parts/confirm.tsx'
import { Said } from '../../parts/said.tsx'
import { useWords } from '../../words/index.ts'

type Unit = AnswerOf<'GET /units/{unit}'>

/** Tries again what failed of it, or ends what has not ended. */
export function UnitActs({ unit: { id: unit, state } }: { unit: Unit }) {
  const words = useWords()
  const retry = useAct('POST /units/{unit}/retry')
  const cancel = useAct('POST /units/{unit}/cancel')
  return (
    <>
      <ActButton needs="retry" onPress={() => retry.isPending || retry.mutate({ unit })}>
        {words.retry}
      </ActButton>
      <ConfirmButton
        label={words.unit.end}
        title={words.unit.endTitle(unit.slice(0, 8))}
        needs="cancel"
        reason={state === 'settled' || state === 'untouched' ? words.unit.ended : undefined}
        act={cancel}
        onConfirm={(close) => cancel.mutate({ unit }, { onSuccess: close })}
      >
        <p>{words.log.endHelp}</p>
      </ConfirmButton>
      <Said error={retry.error}>
        {retry.data === undefined ? null : words.retried(retry.data.hastened + retry.data.lookedAtAgain)}
        {cancel.data === undefined ? null : words.cancelled(cancel.data.revoked, cancel.data.stopping.length)}
      </Said>
    </>
  )
}
