import { useNavigate } from '@tanstack/react-router'
import type { AnswerOf } from 'orchestrajs/client'
import { ActForm } from '../../parts/act-form.tsx'
import { given } from '../../parts/field.tsx'
import css from './incidents.module.css'
import { own } from './words.ts'

type Incident = AnswerOf<'GET /incidents/{incident}'>

/** What can be done about an incident. */
export function Deal({ incident: { id, state, server, objects, mergedInto } }: { incident: Incident }) {
  const navigate = useNavigate()
  const title = (act: string) => `${own.incident(id)}: ${act}`
  const over = state === 'open' ? undefined : own.over
  const at = server === null ? {} : { server }
  return (
    <div className={css.deal}>
      <ActForm
        act="POST /incidents/{incident}/retry"
        needs="retry"
        {...at}
        weight="first"
        label={own.retry}
        title={title(own.retry)}
        help={`${own.retryHelp} (${objects})`}
        reason={over}
        input={() => ({ incident: id })}
        onDone={({ bulk }) => {
          if (bulk !== null) void navigate({ to: '/bulk/$bulk', params: { bulk: String(bulk) } })
        }}
      />
      <ActForm
        act="POST /incidents/{incident}/acknowledge"
        needs="hold"
        {...at}
        label={own.acknowledge}
        title={title(own.acknowledge)}
        fields={[{ name: 'note', label: own.note, most: 500 }]}
        reason={over}
        input={({ note }) => ({ incident: id, ...given({ note }) })}
      />
      <ActForm
        act="POST /incidents/{incident}/mute"
        needs="hold"
        {...at}
        label={own.mute}
        title={title(own.mute)}
        help={own.muteHelp}
        fields={[
          {
            name: 'until',
            label: own.muteUntil,
            kind: 'datetime-local',
            isRequired: true,
            initial: inAnHour(),
          },
          { name: 'reason', label: own.muteWhy, most: 500 },
        ]}
        reason={over}
        input={({ until, reason }) => ({
          incident: id,
          ...given({ until: until ? new Date(until).toISOString() : undefined, reason }),
        })}
      />
      {mergedInto === null ? (
        <ActForm
          act="POST /incidents/{incident}/merge"
          needs="hold"
          {...at}
          label={own.merge}
          title={title(own.merge)}
          help={own.mergeHelp}
          fields={[{ name: 'into', label: own.mergeInto, kind: 'number', isRequired: true }]}
          input={({ into }) => ({ incident: id, into: Number(into) })}
        />
      ) : (
        <ActForm
          act="POST /incidents/{incident}/split"
          needs="hold"
          {...at}
          label={own.split}
          title={title(own.split)}
          help={own.splitHelp}
          input={() => ({ incident: id })}
        />
      )}
      <ActForm
        act="POST /incidents/{incident}/resolve"
        needs="hold"
        {...at}
        label={own.resolve}
        title={title(own.resolve)}
        help={own.resolveHelp}
        reason={over}
        input={() => ({ incident: id })}
      />
    </div>
  )
}

/** As a field for a time takes it, where the browser is. */
function inAnHour(): string {
  const then = new Date(Date.now() + 3_600_000)
  return new Date(then.getTime() - then.getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
}
