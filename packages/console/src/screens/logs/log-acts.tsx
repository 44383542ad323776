import type { AnswerOf } from 'orchestrajs/client'
import { useAct } from '../../api/act.ts'
import { ActButton } from '../../parts/button.tsx'
import { ConfirmButton } from '../../parts/confirm.tsx'
import { Said } from '../../parts/said.tsx'
import { useWords } from '../../words/index.ts'

type Log = AnswerOf<'GET /logs/{log}'>

/** What can be done about a log: what runs can be ended, what failed can be tried again. */
export function LogActs({ log: { id: log, server, endedAt, failed, state } }: { log: Log }) {
  const words = useWords()
  const retry = useAct('POST /logs/{log}/retry')
  const cancel = useAct('POST /logs/{log}/cancel')
  const hasFailed = failed > 0 || (endedAt !== null && state !== 'SUCCESS' && state !== 'NOTHING')
  return (
    <>
      {endedAt === null ? (
        <ConfirmButton
          label={words.log.end}
          title={words.log.endTitle(log, server)}
          needs="cancel"
          server={server}
          act={cancel}
          onConfirm={(close) => cancel.mutate({ log }, { onSuccess: close })}
        >
          <p>{words.log.endHelp}</p>
        </ConfirmButton>
      ) : null}
      {hasFailed ? (
        <ActButton needs="retry" server={server} onPress={() => retry.isPending || retry.mutate({ log })}>
          {words.retry}
        </ActButton>
      ) : null}
      <Said error={retry.error}>
        {retry.data === undefined ? null : words.retried(retry.data.hastened + retry.data.lookedAtAgain)}
        {cancel.data === undefined ? null : words.cancelled(cancel.data.revoked, cancel.data.stopping.length)}
      </Said>
    </>
  )
}
