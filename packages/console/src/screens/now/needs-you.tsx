import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Clock, KeyRound } from 'lucide-react'
import type { AnswerOf } from 'orchestrajs/client'
import type { ReactNode } from 'react'
import { asked, untold } from '../../api/queries.ts'
import { StateMark } from '../../parts/state-mark.tsx'
import { ServerLink } from '../../parts/things.tsx'
import { Age } from '../../parts/time.tsx'
import { Empty, View } from '../../parts/view.tsx'
import { useWords, type Words } from '../../words/index.ts'
import css from './now.module.css'

type Approval = AnswerOf<'GET /approvals'>['items'][number]
type Status = AnswerOf<'GET /status'>

/** What does not go on without a person, or has gone wrong: decisions first. */
export function NeedsYou({ status }: { status: Status }) {
  const words = useWords()
  const approvals = useQuery({ ...asked('GET /approvals', { limit: 20 }), ...untold })
  const incidents = useQuery({ ...asked('GET /incidents', { state: 'open', limit: 20 }), ...untold })
  return (
    <View of={approvals}>
      {({ items: waiting }) => (
        <View of={incidents}>
          {({ items: open }) => {
            const needs = [
              ...waiting.map((one) => approvalNeed(one, words)),
              ...status.asking.map((one) => (
                <Need key={`operation ${one.id}`} at={one.createdAt} detail={one.waitsFor?.text ?? one.error}>
                  <StateMark state="waiting" /> {one.object} {one.action} · {words.waitsForPerson}
                </Need>
              )),
              ...open.map(({ id, server, backend, error, outcome, objects, openedAt }) => (
                <Need key={`incident ${id}`} at={openedAt} detail={error ?? outcome}>
                  <StateMark state="failing" /> <Place server={server} /> {backend} ·{' '}
                  <Link to="/incidents/$incident" params={{ incident: String(id) }}>
                    {words.objectsAffected(objects)}
                  </Link>
                </Need>
              )),
            ]
            return needs.length === 0 ? (
              <Empty text={words.needsNobody} />
            ) : (
              <ul className={css.needs}>{needs}</ul>
            )
          }}
        </View>
      )}
    </View>
  )
}

function approvalNeed(one: Approval, words: Words): ReactNode {
  const { kind, plan, server, by, since, reasons } = one
  if (kind === 'host-key' && server !== null)
    return (
      <Need key={`key ${server}`} at={since} detail={reasons.join(', ')}>
        <KeyRound className="glyph" size={14} aria-hidden="true" /> {words.keyNew(server)}{' '}
        <Link to="/servers/$server" params={{ server }}>
          {words.compare}
        </Link>
      </Need>
    )
  return (
    <Need key={`plan ${plan}`} at={since} detail={reasons.join(', ')}>
      <Clock className="glyph" size={14} aria-hidden="true" /> {words.planWaits(plan ?? 0, by ?? '–')}{' '}
      <Link to="/changes/plans/$plan" params={{ plan: String(plan) }}>
        {words.review}
      </Link>
    </Need>
  )
}

function Place({ server }: { server: string | null }) {
  const words = useWords()
  return server === null ? words.everywhere : <ServerLink server={server} />
}

function Need({ at, detail, children }: { at: string | null; detail: string | null; children: ReactNode }) {
  return (
    <li>
      <span>{children}</span>
      {detail === null ? null : <span className={css.detail}>{detail}</span>}
      {at === null ? null : (
        <span className={css.age}>
          <Age at={at} />
        </span>
      )}
    </li>
  )
}
