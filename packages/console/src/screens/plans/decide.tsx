import type { AnswerOf } from 'orchestrajs/client'
import { ActForm } from '../../parts/act-form.tsx'
import { type Field, given } from '../../parts/field.tsx'
import { useWords } from '../../words/index.ts'
import css from './plans.module.css'
import { Counts } from './state.tsx'
import { own } from './words.ts'

type Plan = AnswerOf<'GET /plans/{plan}'>

/** What can be said of a plan: yes, no, and do it. More is asked where more is at stake. */
export function Decide({ plan }: { plan: Plan }) {
  const words = useWords()
  const { id, state, approval, operations, counts } = plan
  const ended = state === 'open' ? undefined : own.notOpen
  const reason: Field = { name: 'reason', label: words.reason, most: 500 }
  return (
    <div className={css.decide}>
      <ActForm
        act="POST /plans/{plan}/apply"
        needs="sync"
        weight="first"
        label={own.apply}
        title={`${own.plan(id)}: ${own.apply}`}
        reason={ended}
        help={
          <>
            <p>{own.applyHelp(operations)}</p>
            <Counts counts={counts} />
          </>
        }
        fields={askedOf(plan)}
        input={({ allowDeletes, breakGlass }) => ({
          plan: id,
          ...given({ allowDeletes: allowDeletes ? Number(allowDeletes) : undefined, breakGlass }),
        })}
      />
      {approval.needed.length === 0 ? null : (
        <ActForm
          act="POST /plans/{plan}/approve"
          needs="approve"
          label={own.approve}
          title={`${own.plan(id)}: ${own.approve}`}
          reason={ended}
          help={own.approveHelp}
          fields={[reason]}
          input={(values) => ({ plan: id, ...given({ reason: values.reason }) })}
        />
      )}
      <ActForm
        act="POST /plans/{plan}/reject"
        needs="approve"
        label={own.reject}
        title={`${own.plan(id)}: ${own.reject}`}
        reason={ended}
        help={own.rejectHelp}
        fields={[reason]}
        input={(values) => ({ plan: id, ...given({ reason: values.reason }) })}
      />
      <ActForm
        act="POST /plans/{plan}/discard"
        needs="sync"
        label={own.discard}
        title={`${own.plan(id)}: ${own.discard}`}
        reason={ended}
        help={own.discardHelp}
        input={() => ({ plan: id })}
      />
    </div>
  )
}

/** A number is written where the guard trips, and a reason where nobody else has said yes. */
function askedOf({ guard, approval }: Plan): Field[] {
  return [
    ...(guard === null
      ? []
      : [{ name: 'allowDeletes', label: own.typeDeletes, kind: 'number', isRequired: true } as const]),
    ...(approval.needed.length === 0 || approval.given !== null
      ? []
      : [{ name: 'breakGlass', label: own.breakGlass, isRequired: true, most: 500 } as const]),
  ]
}
